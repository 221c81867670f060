"""Which model ran on what, as the nodes say it."""

from __future__ import annotations

import pytest

from comfyui_nodes.ran_on import ran_on


@pytest.mark.parametrize(
    ("provenance", "told"),
    [
        (
            {"model": "isnet-general-use", "engine": "OpenVINO CPU bf16"},
            ["IS-Net general use on OpenVINO, cpu, bf16"],
        ),
        ({"model": "u2net", "engine": "onnxruntime CUDA"}, ["U2-Net on onnxruntime, cuda"]),
        ({"model": "u2net", "engine": "torch cuda:0 fp16"}, ["U2-Net on torch, cuda:0, fp16"]),
        ({"model": "/models/rembg/mine.onnx", "engine": "onnxruntime CPU"}, ["mine.onnx on onnxruntime, cpu"]),
        (
            {
                "detector": "grounding-dino-tiny",
                "detector_device": "cuda:0",
                "segmenter": "sam2.1-hiera-small",
                "segmenter_device": "cpu",
            },
            ["Grounding DINO tiny on torch, cuda:0", "SAM 2.1 hiera small on torch, cpu"],
        ),
        (
            {"segmenter": "subject-in-box", "model": "u2net", "engine": "OpenVINO CPU f32"},
            ["U2-Net on OpenVINO, cpu, f32"],
        ),
        (
            {"matting": "vitmatte", "matting_model": "/m/hair.onnx", "matting_engine": "PyTorch cpu"},
            ["hair.onnx on torch, cpu"],
        ),
        ({"mask": "given", "matting": "closed-form"}, ["Matting: closed-form, on the processor"]),
        (
            {"matting": "auto", "matting_used": "closed-form, 40%; the mask else"},
            ["Matting: closed-form, on the processor"],
        ),
        ({"matting": "auto", "matting_used": "the mask itself: it is too undecided for matting"}, []),
        ({"matting": "none"}, []),
    ],
)
def test_each_model_is_named_with_its_engine_device_and_numbers(provenance: dict[str, str], told: list[str]) -> None:
    assert ran_on(provenance) == told
