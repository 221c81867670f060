"""Every output of our nodes in every node of the genuine ComfyUI that takes its type: nothing crashes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from tests.hosts.core_nodes import STOCK, CannotBeGiven, Taker, ready, takers
from tests.hosts.test_comfyui_nodes import DETECT, LOAD, matting, rembg, sam2

pytestmark = [pytest.mark.slow, pytest.mark.weights]

# As large as the picture, as nodes that take several pictures want them.
CROP = {"margin": 2.0, "width": 0, "height": 0, "multiple": 1}
BACK = {"put_back": "the mask", "feather": 16}
TOOLS = {"keep_largest": 1, "fill_holes": False, "largest_hole": 0, "despeckle": 0}
# All of our nodes; their outputs are what is tried.
OURS: dict[str, dict[str, Any]] = {
    "words": {"class_type": "CutsmithTextDetect", "inputs": {**DETECT, "image": ["1", 0], "max_detections": 3}},
    "masked": sam2(bboxes=["words", 0]),
    "refined": matting(mask=["masked", 0]),
    "cut": rembg(),
    "cropped": {"class_type": "CutsmithCropToSubject", "inputs": {"image": ["1", 0], "mask": ["cut", 1], **CROP}},
    "back": {"class_type": "CutsmithPutBack", "inputs": {"crop": ["cropped", 2], "image": ["cropped", 0], **BACK}},
    "cleaned": {"class_type": "CutsmithMaskTools", "inputs": {"mask": ["cut", 1], **TOOLS}},
    "picked": {"class_type": "CutsmithPickObject", "inputs": {"mask": ["cut", 1], "index": 0}},
}
# What a node of ours alone takes.
OUR_OWN = {"CUTSMITH_CROP"}
KINDS = ("IMAGE", "MASK", "BOUNDING_BOX", "INT")
# Nodes that cannot be tried: one of their inputs needs a model, which is not on this machine, or what only such a
# model gives.
NEED_A_MODEL = {
    "MODEL": """AnimaLLLiteApply ARVideoI2V QwenImageDiffsynthControlnet RTDETR_detect SAM3_Detect SAM3_VideoTrack
        SDPoseKeypointExtractor SUPIRApply WanInfiniteTalkToVideo WanUni3CControlnetApply ZImageFunControlnet""",
    "CONDITIONING": """BerniniConditioning ConditioningSetMask ConditioningSetProperties
        ConditioningSetPropertiesAndCombine ControlNetApply ControlNetApplyAdvanced ControlNetApplySD3
        ControlNetInpaintingAliMamaApply HiDreamO1ReferenceImages HunyuanImageToVideo HunyuanVideo15ImageToVideo
        HunyuanVideo15SuperResolution InpaintModelConditioning InstructPixToPixConditioning Kandinsky5ImageToVideo
        LTXVAddGuide LTXVImgToVideo PairConditioningSetProperties PairConditioningSetPropertiesAndCombine
        SD_4XUpscale_Conditioning VOIDInpaintConditioning Wan22FunControlToVideo WanAnimateToVideo
        WanCameraImageToVideo WanDancerVideo WanFirstLastFrameToVideo WanFunControlToVideo WanFunInpaintToVideo
        WanHuMoImageToVideo WanImageToVideo WanMoveTrackToVideo WanPhantomSubjectToVideo WanSCAILToVideo
        WanSoundImageToVideo WanSoundImageToVideoExtend WanTrackToVideo WanVaceToVideo""",
    "CLIP": """MakeTrainingDataset MiniMaxH3ImageToVideo MiniMaxH3ReferenceToVideo TextEncodeBooguEdit
        TextEncodeJoyImageEdit TextEncodeMageFlowEdit TextEncodeQwenImageEdit TextEncodeQwenImageEditPlus
        TextEncodeZImageOmni TextGenerate TextGenerateLTX2Prompt""",
    "CLIP_VISION": """CLIPVisionEncode StableZero123_Conditioning StableZero123_Conditioning_Batched SV3D_Conditioning
        SVD_img2vid_Conditioning TripoSplatConditioning""",
    "MOGE_MODEL": "MoGeInference MoGePanoramaInference",
    "SAM3_TRACK_DATA": "SAM3_TrackPreview SCAIL2ColoredMask",
    "BACKGROUND_REMOVAL": "RemoveBackground",
    "DA3_MODEL": "DA3Inference",
    "FACE_DETECTION_MODEL": "MediaPipeFaceLandmarker",
    "FACE_LANDMARKS": "MediaPipeFaceMeshVisualize",
    "INTERP_MODEL": "FrameInterpolate",
    "OPTICAL_FLOW": "VOIDWarpedNoise",
    "PHOTOMAKER": "PhotoMakerEncode",
    "SPLAT": "RenderSplat",
    "UPSCALE_MODEL": "ImageUpscaleWithModel",
}
# Nodes that fail in the same way with what ComfyUI's own nodes give: with that, these are tried too.
FAIL_WITH_ALL = {
    "ComfyAndNode": "asks whether a tensor is true",
    "ComfyNotNode": "asks whether a tensor is true",
    "ComfyOrNode": "asks whether a tensor is true",
    "CosmosImageToVideoLatent": "wants the VAE of its own model, not the one without weights",
    "CosmosPredict2ImageToVideoLatent": "wants the VAE of its own model, not the one without weights",
    "Wan22ImageToVideoLatent": "wants the VAE of its own model, not the one without weights",
    "LTXVImgToVideoInplace": "wants the VAE of its own model, not the one without weights",
    "GLSLShader": "wants a display",
    "ImageCropV2": "takes a single box, and not the lists of boxes that ComfyUI's own detectors give either",
    "SeedVR2TemporalMerge": "wants the latents of a film",
    "WanMoveTracksFromCoords": "wants coordinates that it declares as optional",
}
# ComfyUI's own of each type: for boxes a list of them, as detectors give it.
OF_STOCK = {
    "IMAGE": ["stock_image", 0],
    "MASK": ["stock_mask", 0],
    "BOUNDING_BOX": ["stock_boxes", 1],
    "INT": ["stock_number", 0],
}


@pytest.fixture(scope="module")
def nodes(comfyui) -> dict[str, Any]:
    return dict(comfyui.get("/object_info"))


def ours_of(nodes: dict[str, Any], kind: str) -> list[list[Any]]:
    """Our outputs of a kind."""
    return [
        [title, slot]
        for title, node in OURS.items()
        for slot, each in enumerate(nodes[node["class_type"]]["output"])
        if each == kind
    ]


def failure(comfyui, nodes: dict[str, Any], taker: Taker, given: list[list[Any]]) -> str:
    """What is wrong when the node takes each of the links `given`; "" if nothing is."""
    prompt = {**STOCK, "1": LOAD, **OURS}
    for number, link in enumerate(given):
        inputs = ready(nodes[taker.node], taker.input, link)
        prompt[f"taker{number}"] = {"class_type": taker.node, "inputs": inputs}
        if nodes[taker.node]["output"]:
            prompt[f"shown{number}"] = {"class_type": "PreviewAny", "inputs": {"source": [f"taker{number}", 0]}}
    run = comfyui.run(prompt)
    return "" if run.error is None else f"{run.error['node_type']}: {run.error['exception_message'].strip()}"


def test_all_of_our_nodes_and_types_are_tried_here(nodes) -> None:
    ours = {name for name in nodes if name.startswith("Cutsmith")}
    assert {node["class_type"] for node in OURS.values()} == ours
    assert {kind for name in ours for kind in nodes[name]["output"]} - OUR_OWN == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_node_takes_our_outputs_or_it_takes_nobodys(comfyui, nodes, kind: str) -> None:
    found = {}
    tried = 0
    for taker in takers(nodes, kind):
        try:
            wrong = failure(comfyui, nodes, taker, ours_of(nodes, kind))
        except CannotBeGiven:
            continue
        tried += 1
        if wrong:
            found[taker] = wrong
    for taker in [taker for taker in found if taker.node in FAIL_WITH_ALL]:
        own = failure(comfyui, nodes, taker, [OF_STOCK[kind]])
        assert own, f"{taker} takes ComfyUI's own {kind}, but not ours: {found[taker]}"
        del found[taker]
    assert found == {}
    assert tried >= {"IMAGE": 90, "MASK": 25, "BOUNDING_BOX": 10, "INT": 8}[kind]


def test_the_nodes_that_are_not_tried_or_always_fail_are_those_listed(comfyui, nodes) -> None:
    missing, failing = defaultdict(set), set()
    for kind in KINDS:
        for taker in takers(nodes, kind):
            try:
                ready(nodes[taker.node], taker.input, OF_STOCK[kind])
            except CannotBeGiven as reason:
                missing[str(reason)].add(taker.node)
                continue
            if taker.node in FAIL_WITH_ALL and failure(comfyui, nodes, taker, [OF_STOCK[kind]]):
                failing.add(taker.node)
    assert missing == {kind: set(names.split()) for kind, names in NEED_A_MODEL.items()}
    assert failing == set(FAIL_WITH_ALL)


def test_boxes_are_one_an_object_with_keys_only_where_there_is_a_value(comfyui) -> None:
    box = {"class_type": "PrimitiveBoundingBox", "inputs": {"x": 100, "y": 20, "width": 300, "height": 260}}
    prompt = {
        "1": LOAD,
        "box": box,
        "words": OURS["words"],
        "one": {"class_type": "PreviewAny", "inputs": {"source": ["words", 2]}},
        "masked": OURS["masked"],
        "two": {"class_type": "PreviewAny", "inputs": {"source": ["masked", 1]}},
        "unnamed": sam2(bboxes=["box", 0], model="subject in box (IS-Net)"),
        "three": {"class_type": "PreviewAny", "inputs": {"source": ["unnamed", 1]}},
    }
    outputs = comfyui.run(prompt).outputs
    assert int(outputs["one"]["text"][0]) == 3
    assert outputs["two"]["text"][0].count('"width"') == 3, "three objects in one mask have a box each"
    assert outputs["two"]["text"][0].count('"score"') == 3
    assert '"width"' in outputs["three"]["text"][0]
    assert "score" not in outputs["three"]["text"][0]
    assert "label" not in outputs["three"]["text"][0]
