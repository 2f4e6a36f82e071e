"""Films of pictures that a test draws itself."""

import av
import numpy as np


def film_of(path, pictures, *, frame_rate=25, codec="libx264", **options):
    """Write pictures, uint8 (H, W, 3) RGB, as a film without sound, and return its path."""
    pictures = iter(pictures)
    first = next(pictures)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=frame_rate, options=options)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in (first, *pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def block_at(centre, *, size=(320, 180), block=(24, 40), ground=70):
    """A bright block on grey; its middle lies at a share of the width and of the height."""
    width, height = size
    picture = np.full((height, width, 3), ground, np.uint8)
    left = round(centre[0] * width - block[0] / 2)
    top = round(centre[1] * height - block[1] / 2)
    picture[max(0, top) : top + block[1], max(0, left) : left + block[0]] = 250
    return picture


def pictures_of(path):
    """The pictures of a film, uint8 (H, W, 3) RGB."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
