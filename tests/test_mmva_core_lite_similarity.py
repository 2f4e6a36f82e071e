"""What the similarity predictor of mmva-lite is taught."""

import pytest
import torch

from mmva_core.lite.similarity import ExpectedMatching, LinearCalibration
from mmva_core.outputs import MMVAOutput
from mmva_core.train.batches import Batch, ModalityBatch
from mmva_core.train.matching import matching_score

SIGMA = 0.35
SAMPLING_ERROR = 0.03  # of a mean of 64 scores whose deviation is at most about .2


def calibration(*, slope=(1.0, 1.0), offset=(0.0, 0.0), deviation=0.0):
    covariance = torch.eye(2) * max(deviation, 1e-4) ** 2
    return LinearCalibration(torch.tensor(slope), torch.tensor(offset), covariance)


def test_calibration_finds_line_and_error():
    generator = torch.Generator().manual_seed(0)
    said = torch.rand(20_000, 2, generator=generator)
    errors = torch.randn(20_000, 2, generator=generator) @ torch.tensor([[0.1, 0.05], [0.0, 0.2]])
    labels = said * torch.tensor([0.5, 2.0]) + torch.tensor([0.25, -0.5]) + errors

    found = LinearCalibration.fit(said, labels)

    torch.testing.assert_close(found.slope, torch.tensor([0.5, 2.0]), atol=0.02, rtol=0)
    torch.testing.assert_close(found.offset, torch.tensor([0.25, -0.5]), atol=0.02, rtol=0)
    expected = torch.tensor([[0.01, 0.005], [0.005, 0.0425]])
    torch.testing.assert_close(found.covariance, expected, atol=1e-3, rtol=0)


def test_calibration_leaves_out_what_nobody_predicted():
    said, labels = torch.rand(10, 2), torch.rand(10, 2)
    gaps = torch.full((4, 2), torch.nan)

    with_gaps = LinearCalibration.fit(
        torch.cat([said, gaps]), torch.cat([labels, torch.rand(4, 2)])
    )

    torch.testing.assert_close(with_gaps.slope, LinearCalibration.fit(said, labels).slope)


def test_calibration_needs_samples():
    with pytest.raises(ValueError, match="three known samples"):
        LinearCalibration.fit(torch.full((5, 2), torch.nan), torch.rand(5, 2))


def test_between_perfect_predictions_the_expectation_is_the_matching_score():
    image_va, music_va = torch.rand(8, 2), torch.rand(8, 2)
    loss = ExpectedMatching(calibration(), calibration(), SIGMA)

    expected = loss.expected_score(image_va, music_va)

    score = matching_score(image_va, music_va, SIGMA)
    torch.testing.assert_close(expected, score, atol=1e-2, rtol=0)


def test_the_expectation_is_the_mean_score_over_the_errors_of_both_sides():
    image, music = (
        calibration(slope=(0.5, 1.5), deviation=0.15),
        calibration(offset=(0.2, 0.0), deviation=0.1),
    )
    image_va, music_va = torch.tensor([[0.3, 0.6]]), torch.tensor([[0.5, 0.2]])
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(2, 50_000, 2, generator=generator)
    pictures = torch.tensor([[0.15, 0.9]]) + 0.15 * noise[0]
    clips = torch.tensor([[0.7, 0.2]]) + 0.1 * noise[1]

    expected = ExpectedMatching(image, music, SIGMA).expected_score(image_va, music_va)

    mean = float(matching_score(pictures, clips, SIGMA).mean())
    assert float(expected) == pytest.approx(mean, abs=SAMPLING_ERROR)


def test_the_less_a_prediction_is_worth_the_less_pairs_differ():
    image_va, music_va = torch.tensor([[0.5, 0.5]]).repeat(2, 1), torch.tensor([[0.5, 0.5], [1, 0]])
    spreads = []
    for deviation in (0.05, 0.2, 0.4):
        scores = ExpectedMatching(
            calibration(deviation=deviation), calibration(), SIGMA
        ).expected_score(image_va, music_va)
        spreads.append(float(scores[0] - scores[1]))

    assert spreads == sorted(spreads, reverse=True)


def test_the_target_comes_from_the_predictions_and_not_from_the_labels():
    generator = torch.Generator().manual_seed(2)
    image_va = torch.rand(3, 2, generator=generator, requires_grad=True)
    features = torch.randn(3, 4, generator=generator)
    labels = torch.rand(3, 2, generator=generator)
    pictures = ModalityBatch({"features": features}, labels, torch.tensor([1.0, 1.0, 0.0]))
    music = ModalityBatch({"features": features}, labels, torch.ones(3))
    batch = Batch(pictures, music, music, None, torch.rand(3, generator=generator))
    loss = ExpectedMatching(calibration(deviation=0.1), calibration(), SIGMA)
    target = loss.expected_score(image_va, 0.5 + 0.2 * features[:, :2]).detach()
    similarity = (target + torch.tensor([0.1, 0.0, 9.0])).requires_grad_()

    value = loss(MMVAOutput(image_va=image_va, similarity=similarity), batch)
    value.backward()

    assert value.item() == pytest.approx(0.1**2 / 3, abs=1e-6)
    assert image_va.grad is None
    assert similarity.grad is not None
