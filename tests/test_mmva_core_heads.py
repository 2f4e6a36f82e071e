"""Projections, predictors and the dropout that processes share."""

import pytest
import torch
from torch import nn

from mmva_core.heads import (
    BatchDropout,
    FeatureStandardizer,
    KernelPredictor,
    LayerMix,
    build_projection,
    build_similarity_predictor,
    build_va_predictor,
)
from mmva_core.train.distributed import Processes

VA_LAYERS = [nn.Linear, nn.ReLU, nn.LayerNorm, BatchDropout] * 2 + [nn.Linear, nn.Sigmoid]


def test_the_va_predictor_has_the_papers_layers():
    predictor = build_va_predictor(512, 512, 0.5)
    assert [type(layer) for layer in predictor] == VA_LAYERS
    shapes = [tuple(layer.weight.shape) for layer in predictor if isinstance(layer, nn.Linear)]
    assert shapes == [(512, 512), (512, 512), (2, 512)]


def test_the_similarity_predictor_reads_three_embeddings():
    predictor = build_similarity_predictor(512, 512, 0.5)
    assert predictor[0].in_features == 1536
    assert [type(layer) for layer in predictor] == VA_LAYERS
    assert predictor(torch.randn(3, 1536)).shape == (3, 1)


def test_predictions_lie_between_0_and_1():
    va = build_va_predictor(4, 4, 0.0)(torch.randn(100, 4) * 100)
    assert va.min() >= 0
    assert va.max() <= 1


def test_layer_mix_is_a_weighted_sum_of_hidden_states():
    mix, states = LayerMix(13), torch.randn(2, 13, 5)
    expected = (states * mix.mix.weight[0, :, 0].view(1, 13, 1)).sum(1) + mix.mix.bias
    torch.testing.assert_close(mix(states), expected)


def test_a_projection_of_the_embedding_itself_has_no_layer():
    projection = build_projection((512,), 512, standardize=False, is_embedding=True)
    features = torch.randn(2, 512)
    assert torch.equal(projection(features), features)


def test_a_projection_of_another_size_gets_a_linear_layer():
    projection = build_projection((768,), 512, standardize=False, is_embedding=True)
    assert projection(torch.randn(2, 768)).shape == (2, 512)


def test_a_standardizer_gives_mean_0_and_spread_1():
    features = torch.randn(50, 3) * torch.tensor([1.0, 10.0, 0.0]) + 5
    layer = FeatureStandardizer((3,))
    layer.fit(features)
    standardised = layer(features)
    torch.testing.assert_close(standardised.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(standardised[:, :2].std(0, correction=0), torch.ones(2))
    assert bool(standardised[:, 2].abs().max() < 1e-5)


def test_dropout_keeps_the_mean_and_drops_the_share():
    torch.manual_seed(0)
    dropped = BatchDropout(0.25)(torch.ones(1000, 10))
    assert dropped.mean().item() == pytest.approx(1, abs=0.02)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)


def test_dropout_is_off_in_evaluation_mode():
    values = torch.randn(4, 3)
    assert torch.equal(BatchDropout(0.5).eval()(values), values)


def test_processes_share_the_mask_of_the_global_batch():
    values = torch.randn(8, 3)
    torch.manual_seed(1)
    whole = BatchDropout(0.5)(values)
    parts = []
    for rank in range(2):
        layer, processes = BatchDropout(0.5), Processes(rank, 2)
        processes.share_dropout(layer)
        torch.manual_seed(1)
        parts.append(layer(values[processes.own_rows(8)]))
    assert torch.equal(torch.cat(parts), whole)


def test_a_batch_that_cannot_be_divided_is_refused():
    with pytest.raises(ValueError, match="a batch of 7 cannot be divided among 2 processes"):
        Processes(0, 2).own_rows(7)


def test_a_kernel_predictor_solves_the_ridge_problem():
    torch.manual_seed(0)
    embeds, va = torch.randn(30, 4), torch.rand(30, 2)
    predictor = KernelPredictor(4, 1)
    predictor.fit(embeds, va, bandwidth=1.5, penalty=0.2)
    kernel = torch.exp(-(torch.cdist(embeds, embeds).double() ** 2) / (2 * 1.5**2))
    dual = torch.linalg.inv(kernel + 0.2 * torch.eye(30)) @ (va - va.mean(0)).double()
    expected = (kernel @ dual + va.mean(0)).clamp(0, 1).float()
    torch.testing.assert_close(predictor(embeds), expected, atol=1e-5, rtol=0)


def test_far_from_every_centre_a_kernel_predictor_says_the_mean():
    embeds, va = torch.randn(30, 4), torch.rand(30, 2)
    predictor = KernelPredictor(4, 1)
    predictor.fit(embeds, va, bandwidth=1.0, penalty=0.1)
    torch.testing.assert_close(predictor(embeds[:1] + 100), va.mean(0, keepdim=True))


def test_a_strong_penalty_draws_a_kernel_predictor_to_the_mean():
    embeds, va = torch.randn(30, 4), torch.rand(30, 2)
    errors = []
    for penalty in (0.01, 1.0, 100.0):
        predictor = KernelPredictor(4, 1)
        predictor.fit(embeds, va, bandwidth=1.0, penalty=penalty)
        errors.append(float((predictor(embeds) - va.mean(0)).abs().mean()))
    assert errors == sorted(errors, reverse=True)


def test_held_out_groups_are_predicted_as_by_fits_without_them():
    torch.manual_seed(3)
    embeds, va, groups = torch.randn(12, 3), torch.rand(12, 2), torch.arange(12) // 3
    predictor = KernelPredictor(3, 1)
    predictor.fit(embeds, va, bandwidth=1.2, penalty=0.3)
    kernel = torch.exp(-(torch.cdist(embeds, embeds).double() ** 2) / (2 * 1.2**2))
    expected = torch.empty(12, 2, dtype=torch.float64)
    for group in range(4):
        known = groups != group
        dual = torch.linalg.solve(
            kernel[known][:, known] + 0.3 * torch.eye(9), (va[known] - va.mean(0)).double()
        )
        expected[~known] = kernel[~known][:, known] @ dual + va.mean(0)

    predicted = predictor.predict_held_out(va, groups, penalty=0.3)

    torch.testing.assert_close(predicted, expected.clamp(0, 1).float(), atol=1e-5, rtol=0)
