"""Write EfficientNet-Lite0 down as an ONNX graph without weights.

The file of the package, `GRAPH_PATH`, was made so:

    GRAPH_PATH.write_bytes(build_graph(BLOCK_OUTPUTS).SerializeToString())

It names the weights by `convolution_names`; `pictures.py` fills them in from the package that they
come with. A batch norm is part of the convolution in front of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mmva_core.towers import LAST_CHANNELS, PIXEL_MEAN, PIXEL_SCALE

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

GRAPH_PATH = Path(__file__).parent.parent / "weights" / "efficientnet-lite0" / "graph.onnx"
"""The graph that comes with the package."""
BLOCK_OUTPUTS = (14, 15)
"""Blocks whose maps it gives out beside the last map: those that `mmva-lite` looks at."""
STEM_CHANNELS = 32
LARGEST_VALUE = 6.0
"""The activation, ReLU6, clips to [0, 6]."""
OPSET, IR_VERSION = 17, 8
"""Versions of the operators and of the file; ONNX Runtime knows them from 1.14 on."""


class Block(NamedTuple):
    """One inverted residual block."""

    stride: int
    kernel: int
    expansion: int
    """Channels inside over channels before; 1: there is no expansion."""
    inputs: int
    outputs: int

    @property
    def is_residual(self) -> bool:
        """Whether the input is added to the output."""
        return self.stride == 1 and self.inputs == self.outputs


# M. Tan, "EfficientNet-Lite", 2020, whose width and depth are those of EfficientNet-B0.
BLOCKS = (
    Block(1, 3, 1, 32, 16),
    Block(2, 3, 6, 16, 24),
    Block(1, 3, 6, 24, 24),
    Block(2, 5, 6, 24, 40),
    Block(1, 5, 6, 40, 40),
    Block(2, 3, 6, 40, 80),
    *[Block(1, 3, 6, 80, 80)] * 2,
    Block(1, 5, 6, 80, 112),
    *[Block(1, 5, 6, 112, 112)] * 2,
    Block(2, 5, 6, 112, 192),
    *[Block(1, 5, 6, 192, 192)] * 3,
    Block(1, 3, 6, 192, 320),
)
"""The 16 blocks."""


def convolution_names() -> Iterator[tuple[str, str]]:
    """Yield the names, in the package's state dict, of every convolution and of its batch norm."""
    yield "_conv_stem", "_bn0"
    for number, block in enumerate(BLOCKS):
        if block.expansion > 1:
            yield f"_blocks.{number}._expand_conv", f"_blocks.{number}._bn0"
        yield f"_blocks.{number}._depthwise_conv", f"_blocks.{number}._bn1"
        yield f"_blocks.{number}._project_conv", f"_blocks.{number}._bn2"
    yield "_conv_head", "_bn1"


def build_graph(blocks: Sequence[int] = BLOCK_OUTPUTS) -> ModelProto:
    """Make the graph.

    Args:
        blocks: blocks whose maps are given out, as "block.14", beside the last map, "last".

    Returns:
        From "pictures" (B, H, W, 3) uint8, sides multiples of 32, to maps (B, C, h, w) float32.

    Raises:
        ModuleNotFoundError: the package `onnx` is not installed; prediction does not need it.
    """
    from onnx import TensorProto, helper

    writer = _Writer()
    for name, value in (("zero", 0.0), ("six", LARGEST_VALUE)):
        writer.constant(name, value)
    for name, value in (("pixel_mean", PIXEL_MEAN), ("pixel_scale", PIXEL_SCALE)):
        writer.constant(name, value)
    values = writer.node("Cast", ["pictures"], "values", to=TensorProto.FLOAT)
    values = writer.node("Sub", [values, "pixel_mean"], "centred")
    values = writer.node("Div", [values, "pixel_scale"], "scaled")
    maps = writer.node("Transpose", [values], "pixel_values", perm=[0, 3, 1, 2])
    maps = writer.clipped(writer.convolution(maps, "_conv_stem", (STEM_CHANNELS, 3, 3), stride=2))
    outputs = []
    for number, block in enumerate(BLOCKS):
        maps = writer.block(maps, number, block)
        if number in blocks:
            outputs.append((f"block.{number}", block.outputs))
            maps = writer.node("Identity", [maps], f"block.{number}")
    head = (LAST_CHANNELS, BLOCKS[-1].outputs, 1)
    maps = writer.clipped(writer.convolution(maps, "_conv_head", head))
    writer.node("Identity", [maps], "last")
    outputs.append(("last", LAST_CHANNELS))
    float32, uint8 = TensorProto.FLOAT, TensorProto.UINT8
    graph = helper.make_graph(
        writer.nodes,
        "efficientnet-lite0",
        [helper.make_tensor_value_info("pictures", uint8, ["B", "H", "W", 3])],
        [helper.make_tensor_value_info(name, float32, ["B", c, "h", "w"]) for name, c in outputs],
        writer.tensors,
    )
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


class _Writer:
    """Collects nodes and tensors of a graph; methods return what their result is called."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.tensors: list[TensorProto] = []

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node with one output."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, name: str, value: float) -> None:
        """Add a number."""
        from onnx import TensorProto, helper

        self.tensors.append(helper.make_tensor(name, TensorProto.FLOAT, [], [value]))

    def weight(self, name: str, shape: Sequence[int]) -> str:
        """Add a tensor whose values are not in the file."""
        from onnx import TensorProto

        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="the package of the weights")
        self.tensors.append(tensor)
        return name

    def convolution(
        self, maps: str, name: str, shape: tuple[int, int, int], *, stride: int = 1, groups: int = 1
    ) -> str:
        """Add a convolution with a kernel of shape (outputs, inputs, size)."""
        outputs, inputs, size = shape
        weights = [
            self.weight(f"{name}.weight", (outputs, inputs // groups, size, size)),
            self.weight(f"{name}.bias", (outputs,)),
        ]
        # Where the padding is odd, TensorFlow puts more of it behind the map than in front.
        padding = size - stride
        front, behind = padding // 2, padding - padding // 2
        return self.node(
            "Conv",
            [maps, *weights],
            name,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[front, front, behind, behind],
            group=groups,
        )

    def clipped(self, maps: str) -> str:
        """Add the activation."""
        return self.node("Clip", [maps, "zero", "six"], f"{maps}.clipped")

    def block(self, maps: str, number: int, block: Block) -> str:
        """Add a block."""
        width, name, inner = block.inputs * block.expansion, f"_blocks.{number}", maps
        if block.expansion > 1:
            shape = (width, block.inputs, 1)
            inner = self.clipped(self.convolution(inner, f"{name}._expand_conv", shape))
        inner = self.convolution(
            inner,
            f"{name}._depthwise_conv",
            (width, width, block.kernel),
            stride=block.stride,
            groups=width,
        )
        shape = (block.outputs, width, 1)
        inner = self.convolution(self.clipped(inner), f"{name}._project_conv", shape)
        return self.node("Add", [inner, maps], f"{name}.sum") if block.is_residual else inner
