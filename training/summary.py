"""The end of a run: final weights, figures, report, seal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from data_mix.packing.pack import Pack
from espalier import report
from espalier.artifacts import records
from espalier.artifacts.run import Run
from espalier.command_line import console, processes
from espalier.models.adapters import Grown
from espalier.models.loading import save_model, saved_weights
from espalier.models.references import ModelRef
from espalier.text.chat import ChatRenderer
from training import heldout, references
from training.adapters import share_trained
from training.checkpoint import Progress
from training.config import TrainConfig
from training.machine import Machine, peak_memory_gb
from training.memory.plan import make_plan
from training.memory.shapes import shape_of
from training.together import on_main


@dataclass(frozen=True, kw_only=True, slots=True)
class Concluded:
    """What a training command finds out at the end in place of held-out loss, where that says nothing of its model."""

    figures: dict[str, Any]
    """Beside the others in the run's summary."""
    sections: list[str]
    """Of the run's report, in Markdown."""
    lines: list[tuple[str, str]]
    """For the terminal, each with what it is about."""


Conclude = Callable[[Any, Path], Concluded]
"""Of the trained model and the run's folder, where `final/` may still be added to. Asked in one process."""


def finish(
    run: Run,
    config: TrainConfig,
    model: Any,
    renderer: ChatRenderer,
    base: ModelRef | None,
    grown: Grown | None,
    packs: Mapping[str, Pack],
    progress: Progress,
    machine: Machine,
    conclude: Conclude | None = None,
) -> None:
    """Write `final/`, measure every held-out split, write `report.md`, seal the run, and say what came of it.

    `model` is measured as it is saved, in its own dtype; `base` is what an adapter stands on, None for whole weights;
    `grown` how the model came to be.
    """
    # Saved first, for measuring can take longer than one waits.
    weights = saved_weights(model)

    def save() -> None:
        with records.staging(run.folder / "final", replace=True) as temporary:
            save_model(model, renderer, temporary, base, weights, grown)

    on_main(save)
    minutes = config.heldout.final_minutes
    measured = {
        split: heldout.measure(
            model,
            pack,
            batch_size=config.heldout.batch_size,
            max_sequences=config.heldout.final_sequences,
            max_seconds=None if minutes is None else 60 * minutes,
            label=f"held-out {split}",
        )
        for split, pack in packs.items()
        if split != "train" and len(pack) and conclude is None
    }
    concluded = on_main(partial(conclude, model, run.folder)) if conclude else None
    share = share_trained(model)
    peaks = {"peak_memory_gb": peak_memory_gb(machine.device), "planned_memory_gb": _planned(model, config, machine)}
    on_main(partial(_seal, run, config, measured, progress, share, peaks, concluded))


def _planned(model: Any, config: TrainConfig, machine: Machine) -> float | None:
    """The peak that was to be expected, in GiB as it is measured; None for a model that is parted, or has no plan."""
    if processes.sharded() or machine.device == "cpu":  # of a process, much more is counted than the tensors in use
        return None
    try:
        shape = shape_of(model.config, config.adapter, trust_remote_code=config.trust_remote_code)
    except Exception:  # a model of another make: one figure less is no reason to leave a finished run without its seal
        return None
    dtype = str(machine.dtype).removeprefix("torch.")
    plan = make_plan(shape, config, device=machine.device, dtype=dtype)
    return plan.tensors / 2**30


def _seal(
    run: Run,
    config: TrainConfig,
    measured: dict[str, dict[str, heldout.Figures]],
    progress: Progress,
    share: tuple[int, int],
    peaks: dict[str, float | None],
    concluded: Concluded | None,
) -> None:
    trained, total = share
    metrics = list(records.read_jsonl(run.folder / "metrics.jsonl")) if config.steps else []
    valid = measured.get("valid", {}).get("fit", {})
    summary = {
        "steps": progress.step,
        "tokens": progress.tokens,
        "tokens_per_second": progress.tokens / progress.seconds if progress.seconds else None,
        "seconds": progress.seconds,
        **peaks,
        "loss": next((row["loss"] for row in reversed(metrics) if "loss" in row), None),
        "valid_bits_per_byte": valid.get("bits_per_byte"),
        "valid_excess": valid.get("excess"),
        **{f"valid_{name}": valid[name] for name in ("accuracy", "margin") if name in valid},
        **({"compared_with": compared} if (compared := references.told(run)) else {}),
        "parameters": total,
        "parameters_trained": trained,
        "share_trained": trained / total,
        "heldout": measured,
        **(concluded.figures if concluded else {}),
    }
    _write_report(run, config, summary, metrics, valid.get("floor_loss"), concluded)
    run.finish(summary)
    _say(run, config, summary, concluded)


def _heldout_table(measured: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Headers and rows; without the floor where the mix has none."""
    rows = []
    for split, parts in measured.items():
        for part, note in (("fit", ""), ("longer", f"{split}, longer than the context")):
            figures = parts[part]
            if figures["rows"]:
                excess = figures["excess"]
                rows.append(
                    [
                        note or split,
                        figures["rows"],
                        figures["bytes"],
                        figures["bits_per_byte"],
                        figures["floor"],
                        None if excess is None else 100 * excess,
                    ]
                )
    known = any(row[-1] is not None for row in rows)
    headers = ["held-out rows", "rows", "bytes", "bits per byte", "floor", "excess %"]
    return (headers, rows) if known else (headers[:4], [row[:4] for row in rows])


def _pairs_table(measured: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Headers and rows; none of a run that compares nothing."""
    found = [(split, parts["fit"]) for split, parts in measured.items() if parts["fit"].get("pairs")]
    headers = ["held-out pairs", "pairs", "told right %", "margin in nats"]
    return headers, [[split, each["pairs"], 100 * each["accuracy"], each["margin"]] for split, each in found]


def _compared_with(summary: Mapping[str, Any]) -> list[str]:
    """A line for each model that a run was compared with."""
    return [
        f"compared with {each['model']}; before the first step the loss of a pair was {each['loss_at_start']:.6f}"
        + (" (ln 2)" if each["is_start"] else "")
        for each in summary.get("compared_with", {}).values()
    ]


def _parts_measured(measured: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each split of which only a part was measured."""
    counts = {split: (parts["fit"]["sequences"], parts["fit"]["of"]) for split, parts in measured.items()}
    return [
        f"{split}: {done:,} of {all_there:,} packed sequences measured, taken evenly (heldout.final_sequences, "
        "heldout.final_minutes)"
        for split, (done, all_there) in counts.items()
        if done < all_there
    ]


def _unit(config: TrainConfig) -> str:
    return "nats per pair" if config.rows == "preference" else "nats per token"


def _lines(config: TrainConfig, summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    speed, planned = summary["tokens_per_second"], summary["planned_memory_gb"]
    return [
        ("steps", f"{summary['steps']:,}"),
        ("tokens", f"{summary['tokens']:,}" + (f" at {speed:,.0f} per second" if speed else "")),
        ("time", f"{summary['seconds']:.1f} s"),
        ("peak memory", f"{summary['peak_memory_gb']:.2f} GB" + (f", planned {planned:.2f} GB" if planned else "")),
        ("parameters trained", f"{summary['parameters_trained']:,} of {summary['parameters']:,} "
                               f"({100 * summary['share_trained']:.2f} %)"),
        ("last training loss", "–" if summary["loss"] is None else f"{summary['loss']:.4f} {_unit(config)}"),
    ]  # fmt: skip


def _write_report(
    run: Run,
    config: TrainConfig,
    summary: Mapping[str, Any],
    metrics: list[dict[str, Any]],
    floor: float | None,
    concluded: Concluded | None,
) -> None:
    parts = [f"# {run.name}\n"]
    if any("loss" in row for row in metrics):
        unit = _unit(config)
        report.loss_curve(metrics, run.folder / "loss.png", floor=floor, title=run.name, unit=unit)
        parts.append("![Loss over the steps](loss.png)\n")
    parts.append(report.table(("", ""), _lines(config, summary)))
    parts += _compared_with(summary)
    for headers, rows in (_heldout_table(summary["heldout"]), _pairs_table(summary["heldout"])):
        if rows:
            parts.append(report.table(headers, rows))
    parts += _parts_measured(summary["heldout"])
    parts += concluded.sections if concluded else []
    if (run.folder / "journal.md").exists():
        parts.append("What changed along the way, and what it said, is in [journal.md](journal.md).\n")
    records.write_text(run.folder / "report.md", "\n".join(parts))


def _say(run: Run, config: TrainConfig, summary: Mapping[str, Any], concluded: Concluded | None) -> None:
    console.say(f"run {run.name} is complete")
    for name, text in [*_lines(config, summary), *(concluded.lines if concluded else ())]:
        console.say(f"    {name:<20}{text}")
    for headers, rows in (_heldout_table(summary["heldout"]), _pairs_table(summary["heldout"])):
        if rows:
            console.table(headers, rows)
    for line in _compared_with(summary):
        console.say(f"    {line}")
    for line in _parts_measured(summary["heldout"]):
        console.say(f"    {line}")
    console.say(f"    weights             {run.folder / 'final'}")
    console.say(f"    report              {run.folder / 'report.md'}")
    if concluded:
        console.say(f"next: python evaluation/run.py --models … --judges run:{run.name}")
        return
    before = config.parent or config.base
    console.say(f"next: espalier chat {run.name}")
    if before:
        console.say(f"or:   python evaluation/run.py --models {before} {run.name}")
