"""Runs in GIMP's own Python, by python-fu-eval: does step after step with an image, and writes down what came of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

from gi.repository import Babl, Gegl, Gimp, Gio

LOCKS = ("alpha", "content", "position", "visibility")
DTYPES = {"u8": "uint8", "u16": "uint16", "float": "float32"}


def run(job: str) -> None:
    """Do the steps of the file `job`, and write their results beside it."""
    told = json.loads(Path(job).read_text(encoding="utf-8"))
    steps = Steps(Path(job).parent)
    results = [getattr(steps, name)(*arguments) for name, *arguments in told]
    if steps.image is not None:
        steps.image.delete()
    Path(job).with_suffix(".results").write_text(json.dumps(results), encoding="utf-8")


class Steps:
    """What a test may ask for; each returns what can be written as JSON."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.image = None
        self.count = 0

    def load(self, path):
        self.image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path))

    def precision(self, name):
        self.image.convert_precision(getattr(Gimp.Precision, name))

    def gray(self):
        self.image.convert_grayscale()

    def indexed(self, colours):
        self.image.convert_indexed(
            Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, colours, False, False, ""
        )

    def move(self, name, x, y):
        self.named(name).set_offsets(x, y)

    def rename(self, old, new):
        self.named(old).set_name(new)

    def copy_layer(self, name, new):
        copy = self.named(name).copy()
        copy.set_name(new)
        self.image.insert_layer(copy, None, 0)

    def resize_canvas(self, width, height, x, y):
        self.image.resize(width, height, x, y)

    def group(self, name, group):
        made = Gimp.GroupLayer.new(self.image, group)
        self.image.insert_layer(made, None, 0)
        self.image.reorder_item(self.named(name), made, 0)

    def half_transparent(self, name):
        """The layer's left half gets an alpha of 100, its right half stays opaque."""
        layer = self.named(name)
        layer.add_alpha()
        place = Gegl.Rectangle.new(0, 0, layer.get_width() // 2, layer.get_height())
        buffer = layer.get_buffer()
        data = bytearray(buffer.get(place, 1.0, "R'G'B'A u8", Gegl.AbyssPolicy.NONE))
        data[3::4] = bytes([100]) * (len(data) // 4)
        buffer.set(place, "R'G'B'A u8", bytes(data))
        buffer.flush()
        layer.update(0, 0, layer.get_width(), layer.get_height())

    def paint_mask(self, name, path):
        """A mask with the bytes of the file `path`."""
        layer = self.named(name)
        mask = layer.create_mask(Gimp.AddMaskType.BLACK)
        layer.add_mask(mask)
        place = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
        mask.get_buffer().set(place, "Y u8", Path(path).read_bytes())
        mask.get_buffer().flush()
        mask.update(0, 0, layer.get_width(), layer.get_height())

    def remove_mask(self, name):
        self.named(name).remove_mask(Gimp.MaskApplyMode.DISCARD)

    def lock(self, name, what="content"):
        """Lock a layer's content, alpha, position or visibility."""
        getattr(self.named(name), f"set_lock_{what}")(True)

    def add_filter(self, name, operation, settings, is_on=True):
        """Put a non-destructive filter onto a layer."""
        layer = self.named(name)
        made = Gimp.DrawableFilter.new(layer, operation, operation)
        for setting, value in settings.items():
            made.get_config().set_property(setting, value)
        layer.append_filter(made)
        made.set_visible(is_on)

    def dress(self, name):
        """Give a layer another opacity, mode, blending, tag and a parasite than a new one has."""
        layer = self.named(name)
        layer.set_opacity(62.5)
        layer.set_mode(Gimp.LayerMode.MULTIPLY)
        layer.set_blend_space(Gimp.LayerColorSpace.RGB_LINEAR)
        layer.set_composite_space(Gimp.LayerColorSpace.RGB_NON_LINEAR)
        layer.set_composite_mode(Gimp.LayerCompositeMode.CLIP_TO_BACKDROP)
        layer.set_color_tag(Gimp.ColorTag.VIOLET)
        layer.attach_parasite(Gimp.Parasite.new("note", Gimp.PARASITE_PERSISTENT, b"kept"))

    def empty_group(self, name):
        self.image.insert_layer(Gimp.GroupLayer.new(self.image, name), None, 0)

    def feather(self, radius):
        """What the user's selections are softened by from now on."""
        Gimp.context_set_feather(radius > 0)
        Gimp.context_set_feather_radius(radius, radius)

    def hide(self, name):
        self.named(name).set_visible(False)

    def small_layer(self, name, width, height):
        layer = Gimp.Layer.new(self.image, name, width, height, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL)
        self.image.insert_layer(layer, None, 0)

    def text_layer(self, name, text):
        font = Gimp.context_get_font()
        layer = Gimp.TextLayer.new(self.image, text, font, 90, Gimp.Unit.pixel())
        self.image.insert_layer(layer, None, 0)
        layer.set_name(name)

    def paint_channel(self, name, path):
        """A channel with the bytes of the file `path`."""
        channel = Gimp.Channel.new(
            self.image, name, self.image.get_width(), self.image.get_height(), 50, Gegl.Color.new("red")
        )
        self.image.insert_channel(channel, None, 0)
        place = Gegl.Rectangle.new(0, 0, self.image.get_width(), self.image.get_height())
        channel.get_buffer().set(place, "Y' u8", Path(path).read_bytes())
        channel.get_buffer().flush()
        channel.update(0, 0, self.image.get_width(), self.image.get_height())

    def add_channel(self, name):
        channel = Gimp.Channel.new(
            self.image, name, self.image.get_width(), self.image.get_height(), 50, Gegl.Color.new("red")
        )
        self.image.insert_channel(channel, None, 0)

    def select(self, x, y, width, height):
        self.image.select_rectangle(Gimp.ChannelOps.REPLACE, x, y, width, height)

    def select_ellipse(self, x, y, width, height, feather):
        Gimp.context_set_feather(feather > 0)
        Gimp.context_set_feather_radius(feather, feather)
        self.image.select_ellipse(Gimp.ChannelOps.REPLACE, x, y, width, height)
        Gimp.context_set_feather(False)

    def float_selection(self, name):
        Gimp.Selection.float(self.image, [self.named(name)], 0, 0)

    def move_file(self, old, new):
        Path(old).rename(new)

    def call(self, procedure, arguments, names=None):
        """Run a procedure on the named items (the first layer); -> the message of its failure, "" if it was none."""
        items = [self.named(name) for name in names] if names is not None else self.image.get_layers()[:1]
        found = Gimp.get_pdb().lookup_procedure(procedure)
        config = found.create_config()
        config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
        config.set_property("image", self.image)
        config.set_core_object_array("drawables", items)
        for name, value in arguments.items():
            config.set_property(name, value)
        if found.run(config).index(0) == Gimp.PDBStatusType.SUCCESS:
            return ""
        return Gimp.get_pdb().get_last_error()

    def set_up(self, anew=False):
        """Have the plug-in that came as a zip set itself up; -> the message of its failure, "" if it was none."""
        found = Gimp.get_pdb().lookup_procedure("cutsmith-set-up")
        config = found.create_config()
        config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
        config.set_property("anew", anew)
        if found.run(config).index(0) == Gimp.PDBStatusType.SUCCESS:
            return ""
        return Gimp.get_pdb().get_last_error()

    def timed_call(self, procedure, arguments):
        """Run a procedure that does not fail on the first layer; -> the seconds that it took."""
        start = time.monotonic()
        self.call_quietly(procedure, arguments)
        return time.monotonic() - start

    def call_quietly(self, procedure, arguments, names=None):
        """Run a procedure that does not fail."""
        said = self.call(procedure, arguments, names)
        if said:
            raise AssertionError(said)

    def add_picture(self, path, name):
        """The picture of a file as the uppermost layer."""
        layer = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, self.image, Gio.File.new_for_path(path))
        self.image.insert_layer(layer, None, 0)
        layer.set_name(name)

    def dump_seen(self):
        """What the canvas shows, as a layer's values."""
        return self.dump_values(Gimp.Layer.new_from_visible(self.image, self.image, "seen"))

    def dump_first(self, kind, encoding=None):
        """The first layer's values, or its mask's; a layer has the name that its file gives it."""
        name = self.image.get_layers()[0].get_name()
        return self.dump(f"{kind}:{name}" if kind else name, encoding)

    def state(self):
        """The image's layers (from the top), channels and selection."""
        bounds = Gimp.Selection.bounds(self.image)
        return {
            "layers": [self.layer_state(layer) for layer in self.image.get_layers()],
            "channels": [channel.get_name() for channel in self.image.get_channels()],
            "selection": [bounds.x1, bounds.y1, bounds.x2, bounds.y2] if bounds.non_empty else None,
            "is_dirty": self.image.is_dirty(),
        }

    def layer_state(self, layer):
        _, x, y = layer.get_offsets()
        state = {
            "name": layer.get_name(),
            "size": [layer.get_width(), layer.get_height()],
            "offsets": [x, y],
            "visible": layer.get_visible(),
            "has_mask": layer.get_mask() is not None,
            "filters": [each.get_operation_name() for each in layer.get_filters()],
            "locks": [kind for kind in LOCKS if getattr(layer, f"get_lock_{kind}")()],
            "blending": [
                layer.get_opacity(),
                layer.get_mode().value_nick,
                layer.get_blend_space().value_nick,
                layer.get_composite_space().value_nick,
                layer.get_composite_mode().value_nick,
            ],
            "tag": layer.get_color_tag().value_nick,
            "parasites": {
                each: bytes(layer.get_parasite(each).get_data()).decode() for each in layer.get_parasite_list()
            },
        }
        if layer.is_group():
            state["children"] = [self.layer_state(child) for child in layer.get_children()]
        return state

    def dump(self, name, encoding=None):
        """The values of a drawable, in its own encoding or another, in a file; -> how to read it."""
        return self.dump_values(self.named(name), encoding)

    def dump_values(self, drawable, encoding=None):
        stored = Babl.format_get_encoding(drawable.get_format())
        width, height = drawable.get_width(), drawable.get_height()
        place = Gegl.Rectangle.new(0, 0, width, height)
        wanted = encoding or Babl.get_name(drawable.get_format())
        data = drawable.get_buffer().get(place, 1.0, wanted, Gegl.AbyssPolicy.NONE)
        self.count += 1
        path = self.folder / f"{self.count}.raw"
        path.write_bytes(data)
        dtype = DTYPES[(encoding or stored).split()[-1]]
        return {"path": str(path), "dtype": dtype, "shape": [height, width, -1], "encoding": stored}

    def named(self, name):
        """The layer `name`; "mask:NAME" is its mask, "channel:NAME" a channel, "selection" what is selected."""
        kind, found, rest = name.partition(":")
        if name == "selection":
            return self.image.get_selection()
        if kind == "channel" and found:
            return self.image.get_channel_by_name(rest)
        if kind == "mask" and found:
            return self.named(rest).get_mask()
        return self.image.get_layer_by_name(name)
