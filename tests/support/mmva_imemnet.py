"""A made IMEMNet-C on disk: coloured pictures and tones, labels that follow colour and pitch."""

import wave

import numpy as np
from PIL import Image

RATE = 16000


def write_imemnet(folder, *, num_images=30, num_songs=24):
    (folder / "images").mkdir()
    (folder / "music").mkdir()
    generator = np.random.default_rng(0)
    lines = [",img,valence,arousal"]
    for index in range(num_images):
        valence, arousal = generator.uniform(size=2)
        color = [round(255 * arousal), round(255 * valence), 128]
        pixels = np.full((40, 50, 3), color, np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"picture{index}.jpg")
        lines.append(f"{index},picture{index},{valence},{arousal}")
    (folder / "image_va.csv").write_text("\n".join(lines) + "\n")
    lines = [",clip_id,valence,arousal,caption"]
    for index in range(num_songs):
        valence, arousal = generator.uniform(size=2)
        write_tone(folder / "music" / f"{index}-8.wav", 200 + 2000 * arousal)
        mood = "loud and fast" if arousal > 0.5 else "calm and slow"
        lines.append(f'{index},{index}-8,{valence},{arousal},"A piece, {mood}."')
    (folder / "music_va.csv").write_text("\n".join(lines) + "\n")
    pairs = [f"{index % num_songs}-8 picture{index} 0.5" for index in range(num_images)]
    (folder / "pairs.txt").write_text("\n".join(pairs) + "\n")
    return write_config(folder)


def write_config(folder, *, model='base = "mmva-lite"', data="", train=""):
    path = folder / "run.toml"
    path.write_text(
        f"""
[model]
{model}
embedding_dim = 8
hidden_dim = 8
music_window_seconds = 1.0

[train]
epochs = 2
batch_size = 8
validate_every = 1
{train}

[data]
image_labels = "image_va.csv"
images = "images"
music_labels = "music_va.csv"
music = "music"
cache = "features"
{data}
"""
    )
    return path


def write_tone(path, frequency, seconds=1.0, rate=RATE, channels=1):
    times = np.arange(round(seconds * rate)) / rate
    pcm = (0.3 * np.sin(2 * np.pi * frequency * times) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(pcm, channels).tobytes())
    return path
