"""What this machine and installation can do, what is missing, and what would be slow; in seconds, without a network."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Literal
from urllib.error import HTTPError, URLError

from packaging.requirements import Requirement

from interlingua.flow.cache import cache_root
from interlingua.flow.processes import cores, free_memory, memory, processor_name
from interlingua.run.contents import extent
from interlingua.run.machine import beside, cpu_quota, try_cache, within

State = Literal["ok", "note", "problem"]

#: What each extra is for.
EXTRAS = {
    "demo": "the built-in study (interlingua demo): its two models and its ratings",
    "norms": "rating tables as .xls and .ods",
    "confounds": "word frequencies, to partial them out",
    "corpora": "sentences from Wikipedia, dumps and other corpora",
    "cluster": "a study or its corpora computed by several machines",
    "gguf": "models in GGUF files",
    "gemma": "the built-in study of a decoder (interlingua run demo-decoder), under the Gemma Terms of Use",
    "large": "models over several devices, and weights rounded to 8 or 4 bits",
}
LIBRARIES = (
    *("torch", "transformers", "tokenizers", "huggingface-hub", "safetensors"),
    *("numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "statsmodels"),
)
#: What probes of the whole network of a common model take (13 layers of 768 units, 5,000 sentences), as
#: `interlingua.run.run.default_workers` counts.
WHOLE_B = 2 * 8 * 9_984 * (9_984 + 5_000)
#: Below this there is hardly a place for the activations of one study.
_LITTLE_DISK_B = 5e9
_HUB_S, _BFLOAT16_S, _SIZE_S = 2.5, 1.0, 1.0
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
#: Binds every worker to the same core.
_BINDING = ("OMP_PROC_BIND", "GOMP_CPU_AFFINITY", "KMP_AFFINITY")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    state
        ``ok``; ``note``: it works, but something is missing or slow; ``problem``: it does not work.
    topic, says
        What, and what about it.
    facts
        The same for programs.
    """

    state: State
    topic: str
    says: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def examine() -> Iterator[Finding]:
    """Yield what there is to say of this machine and installation, each as soon as it is known."""
    began = time.monotonic()
    answer = beside(_ask_hub)  # takes its time while others are looked at
    yield from _versions()
    yield from _extras()
    yield from _memory()
    yield from _cores()
    yield from _threads()
    yield from _caches()
    yield from _computing()
    yield _hub(answer, max(_HUB_S - (time.monotonic() - began), 0.1))


def _versions() -> Iterator[Finding]:
    own = _version("interlingua")
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    facts = {"interlingua": own, "python": platform.python_version(), "system": system}
    says = f"{own or 'not installed as a package'}, Python {platform.python_version()}, {system}"
    yield Finding("ok", "interlingua", says, facts)
    found = {name: _version(name) for name in LIBRARIES}
    there = {name: number for name, number in found.items() if number}
    yield Finding("ok", "packages", ", ".join(f"{name} {number}" for name, number in there.items()), there)
    for needed in _needed(""):
        there_is = _version(needed.name)
        if not there_is:
            says = f"{needed.name} is missing: pip install '{needed.name}{needed.specifier}'"
            yield Finding("problem", "packages", says, {"missing": needed.name})
        elif not needed.specifier.contains(there_is, prereleases=True):
            says = f"{needed.name} is {there_is}, not {needed.specifier}: pip install '{needed.name}{needed.specifier}'"
            yield Finding("note", "packages", says, {"other": needed.name, "version": there_is})


def _extras() -> Iterator[Finding]:
    complete = []
    for extra, what_for in EXTRAS.items():
        needed = _needed(extra)
        missing = [one.name for one in needed if not _version(one.name)]
        other = [one.name for one in needed if (got := _version(one.name)) and not one.specifier.contains(got, True)]
        facts = {"extra": extra, "missing": missing, "other_version": other}
        if missing or other:
            lacks = [*missing, *(f"{name} {_version(name)}" for name in other)]
            how = "is missing" if missing else "is of another version"
            says = f"{extra}: {', '.join(lacks)} {how} ({what_for}): pip install 'interlingua[{extra}]'"
            yield Finding("note", "extras", says, facts)
        elif needed:
            complete.append(extra)
    if complete:
        yield Finding("ok", "extras", f"complete: {', '.join(complete)}", {"complete": complete})


def _memory() -> Iterator[Finding]:
    usable = memory()
    try:
        machine = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        machine = usable
    if usable == float("inf"):
        yield Finding("note", "memory", "how much there is can't be told here; workers are not limited by it")
        return
    free = free_memory()
    limit = f", of which this container may use {_gb(usable)}" if usable < machine else ""
    now = f"; {_gb(min(free, usable))} free now" if free is not None else ""
    facts = {"machine_bytes": machine, "usable_bytes": usable, "free_bytes": free}
    yield Finding("ok", "memory", f"{_gb(machine)}{limit}{now}", facts)
    fit = int(0.8 * usable / WHOLE_B)
    if fit < cores():
        how_many = f"for {fit} of {cores()} workers" if fit else "for no worker"
        says = (
            f"enough {how_many} with probes of the whole network (13 layers x 768 units, 5,000 sentences: "
            f"{_gb(WHOLE_B)} each): set probes.whole = false where models are larger or memory runs out"
        )
        yield Finding("note", "memory", says, {"workers_with_whole": fit})


def _cores() -> Iterator[Finding]:
    allowed, there = cores(), os.cpu_count() or 1
    quota = cpu_quota()
    limit = f", of which its quota is worth {quota:.1f}" if quota is not None and quota < allowed else ""
    facts = {"allowed": allowed, "machine": there, "quota": quota}
    yield Finding("ok", "cores", f"{allowed} of the machine's {there} allowed{limit}", facts)
    if limit and quota is not None:
        says = f"more workers than the quota slow each other down: --workers {max(round(quota), 1)}"
        yield Finding("note", "cores", says)
    elif allowed == 1:
        yield Finding("note", "cores", "one core: a study computes one thing at a time, and takes as long as that")


def _threads() -> Iterator[Finding]:
    given = {name: os.environ[name] for name in _THREADS if name in os.environ}
    told = ", ".join(f"{name}={value}" for name, value in given.items()) or "OMP_NUM_THREADS and its like not set"
    says = f"{told}; they don't matter: each worker computes on one thread"
    yield Finding("ok", "threads", says, given)
    for name in _BINDING:
        value = os.environ.get(name, "")
        if value and value.lower() not in ("false", "none", "disabled"):
            says = f"{name}={value} may bind all workers to one core: unset {name}"
            yield Finding("note", "threads", says, {name: value})


def _caches() -> Iterator[Finding]:
    root = cache_root()
    wrong = try_cache(root)
    if wrong:
        advice = "choose another by INTERLINGUA_CACHE=FOLDER"
        yield Finding("problem", "cache", f"{root}: {wrong}; {advice}", {"path": str(root), "wrong": wrong})
    else:
        there = _extent(root)
        says = f"{root}: {_sized(root, there)}; it can be written and locked"
        yield Finding("ok", "cache", says, {"path": str(root), "bytes": there})
    nearest = next(folder for folder in (root, *root.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(nearest).free
    little = free < _LITTLE_DISK_B
    advice = (
        ": little for activations (interlingua plan STUDY says how much; interlingua cache prune)" if little else ""
    )
    yield Finding("note" if little else "ok", "disk", f"{_gb(free)} free for the cache{advice}", {"free_bytes": free})
    with suppress(ImportError):
        from huggingface_hub import constants

        hub = Path(constants.HF_HUB_CACHE)
        writable = os.access(next(folder for folder in (hub, *hub.absolute().parents) if folder.exists()), os.W_OK)
        advice = (
            "" if writable else ": can't be written, so no model can be downloaded; choose another by HF_HOME=FOLDER"
        )
        there = _extent(hub)
        facts = {"path": str(hub), "bytes": there, "writable": writable}
        yield Finding("ok" if writable else "note", "hub cache", f"{hub}: {_sized(hub, there)}{advice}", facts)


def _computing() -> Iterator[Finding]:
    """Yield what the processor and the GPU are worth."""
    name = processor_name()
    try:
        from interlingua.models import matrix_speed
        from interlingua.models.devices import has_native_bfloat16

        native = has_native_bfloat16("cpu")
        single = matrix_speed("float32")
        torch: Any = sys.modules["torch"]
    except Exception as error:  # whatever a broken installation raises
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        says = f"torch and transformers can't be used ({reason[0]}): install them again"
        yield Finding("ok", "processor", name, {"name": name})
        yield Finding("problem", "torch", says, {"wrong": reason[0]})
        return
    can = str(torch.backends.cpu.get_cpu_capability())
    says = f"{name}; {can}, {'native' if native else 'no native'} bfloat16"
    yield Finding("ok", "processor", says, {"name": name, "vectors": can, "native_bfloat16": native})
    # Emulated, it may take minutes.
    half = within(_BFLOAT16_S, partial(matrix_speed, "bfloat16"))
    facts = {"float32_flops": single, "bfloat16_flops": half}
    told = f"{half / 1e9:,.0f}" if half is not None else "too few to wait for"
    says = f"{single / 1e9:,.0f} GFLOP/s in float32, {told} in bfloat16, on one core"
    yield Finding("ok", "speed", says, facts)
    if half is not None and native and half > 1.2 * single:
        says = f'models run up to {half / single:.0f} times as fast with extraction.dtype = "bfloat16", less exactly'
        yield Finding("ok", "speed", says)
    elif not native or half is None or half < single:
        says = "bfloat16 is slower than float32 here" if native else "bfloat16 is emulated here, and slow"
        yield Finding("note", "speed", f'{says}: leave extraction.dtype = "float32"')
    yield from _gpu(torch, has_native_bfloat16)


def _gpu(torch: Any, has_native_bfloat16: Callable[[str], bool]) -> Iterator[Finding]:
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info(0)
        native = has_native_bfloat16("cuda")
        name = torch.cuda.get_device_name(0)
        others = torch.cuda.device_count() - 1
        more = f' (and {others} more: extraction.device = "cuda:1", or "spread" over all)' if others else ""
        says = (
            f"{name}{more}: {_gb(total)}, {_gb(free)} free, {'native' if native else 'no native'} bfloat16; "
            "models run there (extraction.device)"
        )
        facts = {"name": name, "count": others + 1, "bytes": total, "free_bytes": free, "native_bfloat16": native}
        yield Finding("ok", "gpu", says, facts)
    elif Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        built = torch.version.cuda
        why = f"CUDA {built}, which this driver may be too old for" if built else "no CUDA"
        says = f"there is one of NVIDIA, but this PyTorch ({torch.__version__}) has {why}: models run on the processor"
        yield Finding("note", "gpu", says, {"name": None, "torch": torch.__version__, "cuda": built})
    else:
        yield Finding("ok", "gpu", "none: models run on the processor", {"name": None})


def _ask_hub() -> tuple[str, float]:
    """Return what the hub's answer is worth, "" if it answers, and the seconds that it took."""
    from huggingface_hub import constants

    started = time.monotonic()
    if constants.HF_HUB_OFFLINE:
        return "not asked", 0.0
    request = urllib.request.Request(constants.ENDPOINT, method="HEAD", headers={"User-Agent": "interlingua"})
    wrong = ""
    try:
        urllib.request.urlopen(request, timeout=_HUB_S).close()
    except HTTPError as error:  # it is there, and says so
        wrong = f"it answers {error.code} {error.reason}" if error.code >= 500 else ""
    except URLError as error:
        wrong = str(getattr(error.reason, "strerror", None) or error.reason)
    except (OSError, ValueError) as error:
        wrong = str(error)
    return wrong, time.monotonic() - started


def _hub(answer: Callable[[float], tuple[str, float] | None], wait: float) -> Finding:
    try:
        from huggingface_hub import constants
    except ImportError:
        return Finding("problem", "hub", "huggingface-hub can't be imported: pip install huggingface-hub")
    url, local = constants.ENDPOINT, "built-in models, folders and what lies in the hub cache can be used"
    if constants.HF_HUB_OFFLINE:
        return Finding("ok", "hub", f"not asked (HF_HUB_OFFLINE): {local}", {"url": url, "offline": True})
    wrong, seconds = answer(wait) or ("no answer", _HUB_S)
    facts = {"url": url, "offline": False, "reachable": not wrong, "seconds": round(seconds, 3)}
    if wrong:
        return Finding("note", "hub", f"{url} can't be reached ({wrong}): {local}", facts)
    return Finding("ok", "hub", f"{url} answers in {seconds:.1f} s", facts)


def _needed(extra: str) -> list[Requirement]:
    """Return what an extra needs, or with "" the package itself."""
    try:
        every = [Requirement(text) for text in requires("interlingua") or []]
    except PackageNotFoundError:
        return []
    if not extra:
        return [one for one in every if one.marker is None or one.marker.evaluate({"extra": ""})]
    return [one for one in every if one.marker and one.marker.evaluate({"extra": extra}) and "extra" in str(one.marker)]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _extent(folder: Path) -> int | None:
    found = within(_SIZE_S, partial(extent, folder))
    return None if found is None else found[0]


def _sized(folder: Path, there: int | None) -> str:
    if not folder.exists():
        return "not made yet"
    return "too many files to count here" if there is None else _gb(there)


def _gb(n: float) -> str:
    return f"{n / 1e9:,.1f} GB" if n >= 1e9 or n == 0 else f"{max(n / 1e6, 0.1):,.1f} MB"
