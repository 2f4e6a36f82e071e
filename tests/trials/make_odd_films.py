"""Make odd, broken and hostile films, some three hundred, as material for `survey_videos.py`.

    python tests/trials/make_odd_films.py FOLDER --seed 0
    python tests/trials/survey_videos.py FOLDER --budget 60%

Most flash and beep every other second, so that the survey can see whether picture and sound of the
reel are together. Times, rates, sizes and the places of damage are drawn anew for each seed.
FOLDER/expected.json says what must come of each file, for the survey to check:

    seconds   the length of the presentation, where it is known
    refused   true where nothing can be made of it
    damaged   true where something is missing and the container shows it
    spoilt    true where what is shown or heard may be wrong in places
    flash_at  how much later than its beep a flash comes, seconds; 0 where it is not said
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from cropped import set_clean_aperture
from films import join_films, make_film, trim_film
from odd_damage import break_sound, damage_films, exaggerate
from odd_folder import EVENTS, SECONDS, OddFolder
from odd_names import name_films, pretend

SHORTEST_SECONDS = 0.2
"""Of shorter films nothing can be picked."""

WRAP_SECONDS = 2**33 / 90000
"""When the clock of a transport stream starts anew."""

Kinds = Iterator[tuple[str, dict[str, Any]]]
"""Names and arguments of `make_film`."""

INTERLACED = ("-flags", "+ildct+ilme", "-b:v", "5M")
HDR = ("-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast")
OPUS = ("-c:a", "libopus")
PCM = ("-c:a", "pcm_s16le")
SHOT = ("-t", "8")
COVER = ("-f", "lavfi", "-i", "color=red:s=301x301:d=0.04:r=25")
WITH_COVER = ("-map", "0:a", "-map", "1", "-disposition:v", "attached_pic")
COVER_FIRST = ("-map", "1", "-map", "0", "-c", "copy", "-disposition:v:0", "attached_pic")

CONVERSIONS: dict[str, tuple[str, ...]] = {
    # interlaced
    "mpeg2 bff.mpg": ("-vf", "fps=50,scale=720:576,interlace=bff", "-c:v", "mpeg2video",
                      *INTERLACED, "-c:a", "mp2"),
    "mpeg2 tff.ts": ("-vf", "fps=50,scale=720:576,interlace=tff", "-c:v", "mpeg2video",
                     *INTERLACED, "-c:a", "ac3"),
    "h264 tff.mp4": ("-vf", "fps=50,scale=720:576,interlace=tff", "-c:v", "libx264", "-preset",
                     "veryfast", "-x264opts", "tff=1:interlaced=1"),
    "h264 bff.mkv": ("-vf", "fps=50,scale=352:288,interlace=bff", "-c:v", "libx264", "-preset",
                     "veryfast", "-x264opts", "bff=1:interlaced=1"),
    "pal.dv": (*SHOT, "-target", "pal-dv"),
    # high dynamic range
    "pq.mkv": (*HDR, "-color_trc", "smpte2084", "-x265-params",
               "log-level=none:pools=none:colorprim=bt2020:transfer=smpte2084"),
    "hlg.mp4": (*HDR, "-color_trc", "arib-std-b67", "-x265-params",
                "log-level=none:pools=none:colorprim=bt2020:transfer=arib-std-b67"),
    # alpha
    "alpha vp8.webm": ("-vf", "format=yuva420p", "-c:v", "libvpx", "-auto-alt-ref", "0"),
    "alpha vp9.webm": ("-vf", "format=yuva420p", "-c:v", "libvpx-vp9", "-cpu-used", "8"),
    "alpha prores.mov": (*SHOT, "-c:v", "prores_ks", "-pix_fmt", "yuva444p10le",
                         "-c:a", "pcm_s24le"),
    "alpha qtrle.mov": (*SHOT, "-c:v", "qtrle", "-pix_fmt", "argb", "-c:a", "pcm_s16be"),
    "alpha png.mov": (*SHOT, "-c:v", "png", "-pix_fmt", "rgba", *PCM),
    # containers and codecs
    "full range.webm": ("-vf", "scale=out_range=full", "-color_range", "pc", "-c:v", "libvpx-vp9",
                        "-cpu-used", "8"),
    "vp9 10.webm": ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-pix_fmt", "yuv420p10le"),
    "vp9 422.webm": ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-pix_fmt", "yuv422p10le"),
    "mpeg1.mpg": ("-c:v", "mpeg1video", "-b:v", "1M", "-c:a", "mp2"),
    "dvd.vob": ("-target", "pal-dvd"),
    "h263.flv": ("-c:v", "flv", "-c:a", "libmp3lame", "-ar", "44100"),
    "wmv2.wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "msmpeg4.asf": ("-c:v", "msmpeg4", "-c:a", "wmav1"),
    "theora.ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    "opus.ogg": ("-c:v", "libtheora", *OPUS),
    "h263.3gp": ("-c:v", "h263", "-s", "352x288", "-c:a", "aac"),
    "loop.gif": (*SHOT, "-vf", "fps=10,scale=128:-2"),
    "loop.apng": (*SHOT, "-vf", "fps=8,scale=128:-2", "-plays", "0"),
    "ffv1.avi": (*SHOT, "-c:v", "ffv1", *PCM),
    "mjpeg.mkv": ("-c:v", "mjpeg"),
    "b-frames.avi": ("-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame"),
    "cinepak.avi": (*SHOT, "-c:v", "cinepak", *PCM),
    "v210.mov": ("-t", "4", "-c:v", "v210", *PCM),
    "live.webm": ("-c:v", "libvpx", "-b:v", "500k", *OPUS, "-live", "1"),
    "mxf.mxf": ("-c:v", "mpeg2video", "-b:v", "3M", *PCM, "-ar", "48000"),
    "nut.nut": ("-c:v", "mpeg4", "-c:a", "mp2"),
    "rm.rm": (*SHOT, "-c:v", "rv10", "-s", "352x288", "-c:a", "ac3"),
    "vvc.mp4": ("-t", "4", "-vf", "scale=128:72", "-c:v", "libvvenc", "-preset", "faster"),
    # sound
    "adpcm.avi": ("-c:v", "mpeg4", "-c:a", "adpcm_ima_wav"),
    "eac3.mp4": ("-c:v", "copy", "-c:a", "eac3"),
    "alac.mov": ("-c:v", "copy", "-c:a", "alac"),
    "opus.mp4": ("-c:v", "copy", *OPUS),
    "float.mkv": ("-c:v", "copy", "-c:a", "pcm_f32le"),
    "7.1.mov": ("-c:v", "copy", "-ac", "8", "-c:a", "pcm_s16le"),
    "7.1 aac.mp4": ("-c:v", "copy", "-ac", "8", "-c:a", "aac"),
    "without xing.mp3": ("-vn", "-write_xing", "0", "-q:a", "5"),
    "only.mp3": ("-vn",), "only.flac": ("-vn",), "only.wav": ("-vn",), "only.ogg": ("-vn",),
    "only.opus": ("-vn",), "only.m4a": ("-vn",), "only.wma": ("-vn",), "only.aiff": ("-vn",),
    "only.aac": ("-vn",), "only.ac3": ("-vn",), "only.mka": ("-vn",), "only.caf": ("-vn",),
}  # fmt: skip
"""Arguments by name of what FFmpeg makes of the plain film."""

REMUXED: dict[str, tuple[str, ...]] = {
    "offset.mkv": ("-output_ts_offset", "OFFSET", "-avoid_negative_ts", "disabled"),
    "offset.mp4": ("-output_ts_offset", "OFFSET", "-avoid_negative_ts", "disabled"),
    "offset.flv": ("-output_ts_offset", "OFFSET"),
    "negative.ts": ("-copyts", "-output_ts_offset", "-0.7", "-muxdelay", "0", "-muxpreload", "0"),
    "epoch.mkv": ("-output_ts_offset", "1700000000", "-avoid_negative_ts", "disabled"),
    "trimmed.mp4": (),
    "moov last.mp4": ("-movflags", "0"), "clean aperture.mp4": (),
    "moov first.mp4": ("-movflags", "+faststart"),
    "fragments.mp4": ("-movflags", "frag_keyframe+empty_moov", "-frag_duration", "1000000"),
    "fragments of dash.mp4": ("-movflags", "dash+delay_moov+frag_keyframe"),
    "blocks.m2ts": (), "plain.mov": (), "plain.mkv": (), "plain.ts": (), "plain.flv": (),
    "raw.aac": ("-map", "0:a"),
}  # fmt: skip
"""Arguments by name of what is copied from the plain film; OFFSET is some hours."""

JOINED = (
    "mpeg1.mpg", "dvd.vob", "only.ogg", "only.opus", "theora.ogv", "moov first.mp4", "plain.mkv",
    "plain.flv", "wmv2.wmv", "only.wav", "only.flac", "only.aiff",
)  # fmt: skip
"""Names of films that are put behind themselves, of each kind of container."""


def main() -> int:
    """Make them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True)
    folder = OddFolder(arguments.folder, arguments.seed)
    for kinds in (clocks, rates, lengths, shapes, sounds):
        for name, options in kinds(folder.random):
            make(folder, name, **options)
    for step in (convert, damage_films, break_sound, exaggerate, pretend, name_films):
        step(folder)
    folder.close()
    print(f"{len(list(folder.path.rglob('*')))} files")
    return 0


def clocks(rng: random.Random) -> Kinds:
    """Yield films whose streams begin anywhere."""
    late = [time for time in EVENTS if time > 5]
    yield "plain.mp4", {"sample_rate": 48000}
    yield "hours.ts", {"start_offset_seconds": rng.uniform(3600, 90000)}
    yield "wrap.ts", {"start_offset_seconds": WRAP_SECONDS - rng.uniform(2, 18)}
    yield "wrap at once.ts", {"start_offset_seconds": WRAP_SECONDS - 0.05}
    yield "hours.flv", {"start_offset_seconds": rng.uniform(3600, 7200)}
    for suffix in ("mp4", "mkv", "ts", "webm"):
        rate = {"sample_rate": 48000}
        start = rng.uniform(1, 4.5)
        yield f"late picture.{suffix}", {"video_start_seconds": start, "flashes": late, **rate}
        yield f"late sound.{suffix}", {"audio_start_seconds": start, "beeps": late, **rate}


def rates(rng: random.Random) -> Kinds:
    """Yield films of constant and variable rates."""
    for rate in (1, 5, 15, 120, 240):
        few = {"seconds": 8.0, "flashes": EVENTS[:4], "beeps": EVENTS[:4]} if rate > 100 else {}
        yield f"rate {rate}.{rng.choice(('mp4', 'mkv', 'mov'))}", {"frame_rate": rate, **few}
    yield "rate 1000.mkv", {"frame_rate": 1000, "seconds": 3.0, "size": (64, 48)}
    yield "rate 60000 1001.mp4", {"frame_rate": Fraction(60000, 1001)}
    yield "rate 24000 1001.mkv", {"frame_rate": Fraction(24000, 1001)}
    slow = [0.0, *sorted(rng.uniform(1, 19) for _ in range(4))]
    yield "slides.mp4", {"frame_times": slow, "flashes": []}
    phone, steps = [0.0], (1 / 24, 1 / 30, 1 / 60)
    while phone[-1] < SECONDS - 0.1:
        phone.append(phone[-1] + rng.choice(steps))
    for suffix in ("mp4", "mov", "webm", "mkv"):
        yield f"vfr.{suffix}", {"frame_times": phone, "sample_rate": 48000}
    lost = rng.randrange(100, 400)
    gaps = [k / 25 for k in range(500) if k % 7 and not lost < k < lost + 40]
    yield "dropped.mkv", {"frame_times": gaps}


def lengths(rng: random.Random) -> Kinds:
    """Yield very short films, and streams of different lengths."""
    silent = {"audio": False, "flashes": [], "beeps": []}
    for number, suffix in ((1, "mp4"), (1, "webm"), (2, "mkv"), (3, "gif"), (1, "gif")):
        times = [k / 25 for k in range(number)]
        yield f"{number} frames.{suffix}", {"frame_times": times, "seconds": number / 25, **silent}
    yield "1 frame with sound.mp4", {"frame_times": [0.0], "flashes": []}
    for suffix in ("mp4", "mkv", "ts", "avi", "webm"):
        seconds = rng.choice((0.4, 0.9, 1.5, 1.9, 2.1, 3.3))
        options = {"seconds": seconds, "flashes": [0.2], "beeps": [0.2], "sample_rate": 48000}
        yield f"short {seconds}.{suffix}", options
    for suffix in ("mp4", "mkv", "ts"):
        yield f"longer sound.{suffix}", {"audio_seconds": SECONDS + rng.uniform(3, 20)}
        yield f"shorter sound.{suffix}", {"audio_seconds": rng.uniform(3, 15)}


def shapes(rng: random.Random) -> Kinds:
    """Yield turned, mirrored, stretched and odd pictures, and all depths."""
    for rotation in (0, 90, 180, 270):
        for mirrored in (False, True):
            name = f"turned {rotation}{' mirrored' * mirrored}.{rng.choice(('mp4', 'mov', 'mkv'))}"
            ratio = rng.choice((Fraction(1), Fraction(12, 11), Fraction(1, 2), Fraction(32, 9)))
            size = rng.randrange(160, 400, 2), rng.randrange(90, 300, 2)
            options = {"rotation": rotation, "mirrored": mirrored, "size": size}
            yield name, {**options, "sample_aspect_ratio": ratio}
    size = rng.randrange(101, 301, 2), rng.randrange(101, 301, 2)
    yield "odd sides.webm", {"size": size, "sample_rate": 48000}
    yield "odd sides.mkv", {"size": size, "codec": "ffv1"}
    yield "odd sides 444.mp4", {"size": size, "pixel_format": "yuv444p"}
    yield "tiny.mkv", {"size": (16, 16), "codec": "ffv1"}
    yield "tall.mp4", {"size": (90, 1280)}
    yield "wide.mkv", {"size": (1920, 32)}
    for depth in ("yuv420p10le", "yuv422p", "yuv444p", "yuv422p10le", "gray"):
        yield f"x264 {depth}.{rng.choice(('mp4', 'mkv', 'mov'))}", {"pixel_format": depth}
    for depth in ("yuv420p10le", "yuv444p", "yuv420p12le", "gray"):
        yield f"x265 {depth}.mp4", {"codec": "libx265", "pixel_format": depth}
    yield "vp9 444.webm", {"pixel_format": "yuv444p", "sample_rate": 48000}
    yield "av1.mp4", {"codec": "libsvtav1"}
    yield "av1 10.mkv", {"codec": "libsvtav1", "pixel_format": "yuv420p10le"}
    yield "open groups.mkv", {"encoder_options": {"x264-params": "open-gop=1:keyint=30"}}
    yield "refresh.mp4", {"encoder_options": {"x264-params": "intra-refresh=1:keyint=50"}}
    yield "cover.mp4", {"cover": True}


def sounds(rng: random.Random) -> Kinds:
    """Yield films with all sorts of sound."""
    yield "three tracks.mp4", {"num_audio_tracks": 3, "languages": ["deu", "eng", "fra"]}
    yield "two tracks.ts", {"num_audio_tracks": 2}
    yield "default track.mkv", {"num_audio_tracks": 3, "default_track": rng.randrange(3)}
    yield "silent first.mkv", {"num_audio_tracks": 3, "silent_tracks": [0, 1]}
    yield "antiphase.mp4", {"layout": "stereo", "is_antiphase": True}
    yield "5.1.mkv", {"layout": "5.1", "sample_rate": 48000}
    yield "5.1.webm", {"layout": "5.1", "sample_rate": 48000}
    yield "8 kHz.mkv", {"sample_rate": 8000}
    yield "8 kHz 8 bit.avi", {"audio_codec": "pcm_u8", "sample_rate": 8000}
    yield "96 kHz.mkv", {"audio_codec": "flac", "sample_rate": 96000}
    yield "silent.mkv", {"loudness": 0.0, "beeps": []}
    yield "no sound.webm", {"audio": False}
    yield "no sound.ts", {"audio": False, "start_offset_seconds": rng.uniform(100, 9000)}


def make(folder: OddFolder, name: str, **options: Any) -> None:
    """Make one film with `make_film`."""
    usual = {"seconds": SECONDS, "size": (256, 144), "flashes": EVENTS, "beeps": EVENTS}
    options = {**usual, **options}
    make_film(folder.path / name, **options)
    seconds = max(options["seconds"], options.get("audio_seconds") or 0.0)
    is_refused = seconds < SHORTEST_SECONDS
    folder.expect(name, **({"refused": True} if is_refused else {"seconds": seconds}))


def convert(folder: OddFolder) -> None:
    """Make films of the plain one with FFmpeg."""
    plain = ("-i", str(folder.path / "plain.mp4"))
    offset = f"{folder.random.uniform(3600, 36000):.3f}"
    for name, arguments in CONVERSIONS.items():
        seconds = float(dict(pairwise(arguments)).get("-t", SECONDS))
        folder.convert(name, *plain, *arguments, seconds=seconds)
    for name, arguments in REMUXED.items():
        given = [offset if word == "OFFSET" else word for word in arguments]
        folder.convert(name, *plain, "-c", "copy", *given, seconds=SECONDS)
    for name in ("m4a", "mp3", "flac"):
        folder.convert(f"cover.{name}", *plain, *COVER, *WITH_COVER, "-c:v", "mjpeg")
    folder.convert("cover first.mp4", *plain, *COVER, *COVER_FIRST, "-c:v:0", "mjpeg")
    set_clean_aperture(folder.path / "clean aperture.mp4", (200, 100), (8, -12), resize=True)
    trim_film(folder.path / "trimmed.mp4", begin := round(folder.random.uniform(1, 6), 3), 18)
    folder.expect("trimmed.mp4", seconds=18 - begin)
    skipped = folder.random.uniform(0.5, 6)
    folder.convert("edited.mp4", "-ss", f"{skipped:.3f}", *plain, "-c", "copy")
    both = ("-map", "0:v", "-map", "1:a", "-c", "copy")
    for name, late in (("delayed picture.mp4", 0), ("delayed sound.mov", 1)):
        delay = round(folder.random.uniform(0.1, 0.5), 3)
        inputs = [*plain, *plain]
        inputs[2 * late : 2 * late] = "-itsoffset", str(delay)
        flash_at = -delay if late else delay
        folder.convert(name, *inputs, *both, seconds=SECONDS + delay, flash_at=flash_at)
    turn(folder)
    join(folder)
    folder.convert("early sound.mkv", *plain, "-ss", "0.52", *plain, *both, flash_at=0.52)
    folder.convert("raw.h264", *plain, "-c", "copy", "-map", "0:v", refused=True)


def join(folder: OddFolder) -> None:
    """Put recordings one after the other: the first of them counts, unless the clock goes on."""
    twice = folder.read("plain.ts") + folder.read("two tracks.ts")
    folder.write("joined.ts", twice, seconds=SECONDS)
    for name in JOINED:
        folder.write(f"joined {name}", 2 * folder.read(name), seconds=SECONDS)
    end = str(SECONDS + 1.4)  # FFmpeg lets the clock begin there
    later = ("-streamid", "0:700", "-streamid", "1:701", "-output_ts_offset", end)
    again = "-i", str(folder.path / "plain.mp4"), "-c", "copy", *later
    folder.convert("other identifiers.ts", *again, "-muxdelay", "0", "-muxpreload", "0")
    both = folder.read("plain.ts") + folder.read("other identifiers.ts")
    folder.write("other identifiers.ts", both, seconds=2 * SECONDS)


def turn(folder: OddFolder) -> None:
    """Make a film whose size and shape change on the way, as in a call."""
    sizes = (96, 54), (256, 144), (144, 256)
    parts = [folder.path / f"turned {width}.webm" for width, _ in sizes]
    for part, size in zip(parts, sizes, strict=True):
        options = {"seconds": 8.0, "size": size, "codec": "libvpx", "sample_rate": 48000}
        make_film(part, flashes=EVENTS[:4], beeps=EVENTS[:4], **options)
    join_films(folder.path / "turned.webm", *parts)
    folder.expect("turned.webm", seconds=24.0)
    for part in parts:
        part.unlink()


if __name__ == "__main__":
    sys.exit(main())
