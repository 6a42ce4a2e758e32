"""The four records that the stages hand on: Inventory, Verdict, Plan, ChangeSet.

Frozen, slotted, picklable, and serialisable by `dataclasses.asdict`. No logic:
a derived value appears here only as a property over its own fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

# What an option's source text evaluates to, where it is a literal.
Literal = bool | int | float | str | None | tuple["Literal", ...] | dict[str, "Literal"]


# --------------------------------------------------------------------- places


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in the project: posix path below the root, line from 1, column from 0.

    Columns count characters (code points), as LibCST does, not bytes as `ast` does.
    """

    path: str
    line: int
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class FileStatus(StrEnum):
    """How a file ended; each file of the project ends in exactly one."""

    PARSED = "parsed"  # read, and its facts are in the inventory
    FILTERED = "filtered"  # no byte of it concerns Celery
    SKIPPED = "skipped"  # left out on purpose (reason says why)
    FAILED = "failed"  # could not be read or parsed (reason says why)


@dataclass(frozen=True, slots=True)
class FileOutcome:
    path: str
    status: FileStatus
    reason: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """Something that was seen and could not be resolved."""

    kind: str  # kebab-case, e.g. "dynamic-send-task", "unresolved-receiver"
    location: Location
    text: str  # the source concerned, one line
    reason: str


# ---------------------------------------------------------------- definitions


@dataclass(frozen=True, slots=True)
class Option:
    """A keyword of a decorator, call or schedule entry: source text, never evaluated.

    `value` is its value where the text is a literal (`is_literal`).
    """

    name: str
    source: str
    value: Literal = None
    is_literal: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    # positional-only | positional | var-positional | keyword-only | var-keyword
    kind: str
    annotation: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call inside a function body.

    `target` is the best dotted name: import aliases are resolved
    ("requests.get", "goblin.services.cleanup.purge"), `self.x` and local receivers
    stay as written ("self.retry", "session.execute"). `resolved` says whether the
    first part could be traced to an import, a definition or a builtin.
    """

    target: str
    location: Location
    resolved: bool
    loop_depth: int = 0  # loops and comprehensions around it, within the function
    keywords: tuple[str, ...] = ()
    source: str = ""  # one line, shortened


@dataclass(frozen=True, slots=True)
class Loop:
    location: Location
    kind: str  # for | while | async-for | comprehension
    iterates: str  # source of the iterable, or of the condition of a while


@dataclass(frozen=True, slots=True)
class Assignment:
    """A local name and the source that it was given: `ids = query.limit(5).all()`."""

    name: str
    source: str  # one line, shortened
    location: Location


@dataclass(frozen=True, slots=True)
class Handler:
    """An except clause: the exception names it catches, resolved where possible."""

    catches: tuple[str, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What a function's body does, as plain observations. Judging is classify's."""

    qualified_name: str  # module.qualname
    location: Location
    statements: int
    calls: tuple[Call, ...] = ()
    loops: tuple[Loop, ...] = ()
    handlers: tuple[Handler, ...] = ()
    request_attributes: tuple[tuple[str, Location], ...] = ()  # self.request.<name>
    globals_written: tuple[str, ...] = ()
    assignments: tuple[Assignment, ...] = ()  # plain names only
    is_async: bool = False
    is_generator: bool = False
    returns_value: bool = False


@dataclass(frozen=True, slots=True)
class Marker:
    """A comment `# migrate: light|heavy|ignore <reason>` on a decorator line."""

    decision: str
    reason: str
    location: Location


class DefinitionKind(StrEnum):
    SHARED = "shared_task"  # celery.shared_task
    APP = "app_task"  # <app>.task
    WRAPPER = "wrapper"  # a project decorator that ends in one of the above
    CLASS = "class"  # a Task subclass that is registered
    CALL = "call"  # app.task(f), not as a decorator
    LIGHT = "light_task"  # shim.light_task: already moved


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """A Celery task as written in the source."""

    name: str  # as the app would compute it; unique key of the task everywhere
    function: str  # name of the def or class
    qualified_name: str  # module.qualname
    module: str
    location: Location  # of the `def` / `class`
    kind: DefinitionKind
    decorator: Location  # of the expression after `@`
    decorator_source: str
    name_is_explicit: bool = False
    name_is_certain: bool = True  # False: an expression, or the module path is a guess
    app: str = ""  # source of the app expression, for APP
    wrapper: str = ""  # qualified name of the project decorator, for WRAPPER
    base: str = ""  # source of base=, or the class' bases
    # Methods and task options that the base classes define in the project.
    # None: no base class, or one of them could not be read.
    base_defines: tuple[str, ...] | None = None
    options: tuple[Option, ...] = ()  # including those a wrapper adds, where known
    has_spread: bool = False  # **options in the decorator
    is_bound: bool = False
    is_async: bool = False
    decorators_above: tuple[str, ...] = ()
    decorators_below: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: FunctionFacts | None = None
    marker: Marker | None = None
    source_hash: str = ""  # blake2b of the definition's text, decorators included
    in_tests: bool = False


@dataclass(frozen=True, slots=True)
class TaskWrapper:
    """A project function, class or constant that makes tasks."""

    qualified_name: str
    location: Location
    wraps: str  # qualified name of what it wraps, ending in Celery
    options: tuple[Option, ...] = ()  # options it adds by itself
    reason: str = ""  # how it was recognised


# ------------------------------------------------------------------ call sites


class CallKind(StrEnum):
    DELAY = "delay"
    APPLY_ASYNC = "apply_async"
    DELAY_ON_COMMIT = "delay_on_commit"
    APPLY = "apply"
    SIGNATURE = "signature"  # .s .si .signature .subtask
    CANVAS = "canvas"  # member of chain/group/chord/chunks/map/starmap
    LINK = "link"  # link=, link_error=, .link(), .on_error()
    SEND_TASK = "send_task"
    RETRY = "retry"
    REPLACE = "replace"
    DIRECT = "direct"  # a plain call of the task function
    VALUE = "value"  # the task, or its bound method, passed as a value
    RESULT = "result"  # AsyncResult(...), .get() on a result, update_state
    CONTROL = "control"  # revoke, inspect, ...
    MOCK = "mock"  # the string "mod.task.delay" in a patch()


@dataclass(frozen=True, slots=True)
class CallSite:
    kind: CallKind
    location: Location
    task: str | None  # the task's name; None: see the blind spot at this place
    enclosing: str  # qualified name of the function around it, or the module
    source: str  # one line, shortened
    options: tuple[Option, ...] = ()  # keywords of apply_async and the like
    positional: int = 0  # number of positional arguments
    in_tests: bool = False
    loop_depth: int = 0
    loop_iterates: str = ""  # source of the innermost iterable
    result_used: str = "discarded"  # discarded | assigned | returned | argument | value
    detail: str = ""  # e.g. the canvas primitive, "get", "revoke", the attribute passed
    handler: str = (
        ""  # framework of the request handler it stands in: fastapi|django|flask
    )


# ------------------------------------------------------------------- schedules


class ScheduleKind(StrEnum):
    CRONTAB = "crontab"
    INTERVAL = "interval"
    SOLAR = "solar"
    UNKNOWN = "unknown"


class ContainerKind(StrEnum):
    """How the entry stands in the source, which decides how it can be taken out."""

    DICT_LITERAL = "dict-literal"
    ITEM_ASSIGNMENT = "item-assignment"
    UPDATE_CALL = "update-call"
    LIST_OF_DICTS = "list-of-dicts"
    ADD_PERIODIC_TASK = "add-periodic-task"
    PERIODIC_TASK = "periodic-task-decorator"
    STORE = "store"  # no line of the code: a row or key of a scheduler's own store
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """A beat entry as written.

    `spec` is the plain form that `migrator.schedules.convert` takes, or None where
    the schedule could not be read statically (`unreadable` says why).
    """

    name: str
    task: str  # the task's name as written or resolved
    kind: ScheduleKind
    location: Location  # of the entry: its key, or the call
    end_line: int
    container: ContainerKind
    source: str  # the schedule expression
    spec: dict[str, Literal] | None = None
    unreadable: str = ""
    args: Option | None = None
    kwargs: Option | None = None
    options: tuple[Option, ...] = ()
    guard: str = ""  # source of the `if` around it
    app: str = ""  # source of the app or setting it belongs to
    timezone: str = "UTC"  # zone that beat uses, with its source in timezone_reason
    timezone_reason: str = ""
    enabled: bool = True


# ---------------------------------------------------------------- surroundings


@dataclass(frozen=True, slots=True)
class CeleryApp:
    variable: str  # qualified: module.variable
    location: Location
    main: str = ""  # first argument of Celery()
    task_class: str = ""  # source of app.Task = X, or task_cls=


@dataclass(frozen=True, slots=True)
class WebApp:
    """A FastAPI / Flask application object: where a runner can be started."""

    framework: str
    variable: str  # qualified: module.variable
    location: Location  # of the call, e.g. FastAPI(...)
    has_lifespan: bool = False
    starts_runner: bool = False  # the shim's lifespan is in place already
    has_startup_events: bool = False  # on_event handlers, which a lifespan silences


@dataclass(frozen=True, slots=True)
class Setting:
    """A Celery setting in any of its spellings, normalised to the new lower case."""

    name: str
    location: Location
    source: str
    value: Literal = None
    is_literal: bool = False


@dataclass(frozen=True, slots=True)
class ProcessCommand:
    """A worker, beat or web command found outside Python."""

    kind: str  # worker | beat | flower | web
    location: Location
    command: str
    queues: tuple[str, ...] = ()
    concurrency: int | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SignalHandler:
    signal: str
    handler: str
    location: Location


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that a scan saw."""

    root: str  # as given by the user
    files: tuple[FileOutcome, ...] = ()
    tasks: tuple[TaskDefinition, ...] = ()
    wrappers: tuple[TaskWrapper, ...] = ()
    call_sites: tuple[CallSite, ...] = ()
    schedules: tuple[ScheduleEntry, ...] = ()
    apps: tuple[CeleryApp, ...] = ()
    web_apps: tuple[WebApp, ...] = ()
    settings: tuple[Setting, ...] = ()
    processes: tuple[ProcessCommand, ...] = ()
    signals: tuple[SignalHandler, ...] = ()
    functions: tuple[
        FunctionFacts, ...
    ] = ()  # project functions that task bodies reach
    blind_spots: tuple[BlindSpot, ...] = ()
    frameworks: tuple[str, ...] = ()  # fastapi, django, flask, pyramid
    has_kubernetes: bool = False


# -------------------------------------------------------------------- verdicts


class Level(StrEnum):
    LIGHT = "light"
    REVIEW = "review"
    HEAVY = "heavy"


class Target(StrEnum):
    APSCHEDULER = "apscheduler"  # a periodic job of the scheduler process
    BACKGROUND = "background"  # a FastAPI BackgroundTasks endpoint
    CRONJOB = "cronjob"  # a Kubernetes CronJob
    RUNNER = "runner"  # on demand: the shim's runner, no schedule of its own
    CELERY = "celery"  # stays


@dataclass(frozen=True, slots=True)
class Finding:
    """What one criterion saw. `rule` is its kebab-case id, equal to its file name."""

    rule: str
    message: str
    location: Location
    weight: int = 0
    is_veto: bool = False
    is_unknown: bool = False  # keeps the task from being called light


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured of one task. Times in seconds, sizes in bytes.

    Figures only: no argument, no result, no task id. None: it was not measured.
    """

    task: str
    runs: int  # finished runs, successful or failed
    window: float = 0.0  # seconds between the first and the last observation
    p50: float | None = None
    p95: float | None = None
    max: float | None = None
    failures: int = 0
    retries: int = 0
    max_parallel: int | None = None
    peak_rss_growth: int | None = None
    sources: tuple[str, ...] = ()  # names of the files or brokers it came from


@dataclass(frozen=True, slots=True)
class Verdict:
    task: str
    level: Level
    score: int
    findings: tuple[Finding, ...] = ()  # strongest first
    is_confirmed: bool = False  # measured run times support it
    overridden_by: str = ""  # "comment path:line" or "configuration"
    target: Target = Target.CELERY
    target_reason: str = ""
    runner_up: Target | None = None
    runner_up_reason: str = ""  # why it lost

    @property
    def vetoes(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.is_veto)


# ------------------------------------------------------------------------ plan


class Accept(StrEnum):
    YES = "yes"
    NO = "no"
    LATER = "later"


class Callers(StrEnum):
    """What `migrate finish` makes of the callers of a task."""

    DIRECT = "direct"  # f.delay(x) becomes f(x): the caller waits, and sees errors
    BACKGROUND = "background"  # add_task(f, x) in FastAPI handlers, after the answer
    JOB = "job"  # an APScheduler date job


@dataclass(frozen=True, slots=True)
class PlannedSchedule:
    """A schedule entry with where it goes, and the proof that it fires as before."""

    entry: ScheduleEntry
    target: Target  # CELERY: it stays on beat
    trigger: str = ""  # source of the APScheduler trigger expression
    cron: tuple[str, ...] = ()  # Kubernetes cron strings
    refusal: str = ""  # why it stays on beat
    compared: int = 0  # fire times compared between Celery and the conversion
    next_fires: tuple[str, ...] = ()  # ISO, UTC
    zone: str = ""  # spec.timeZone of the cron strings
    guard: str = ""  # source: which scheduled times of a CronJob are real runs
    warnings: tuple[str, ...] = ()  # differences of no consequence, existing bugs
    is_moved: bool = False  # an earlier apply took it out of beat already


@dataclass(frozen=True, slots=True)
class PlannedTask:
    definition: TaskDefinition
    verdict: Verdict
    target: Target
    accept: Accept
    options: dict[str, Literal] = field(default_factory=dict)
    is_stale: bool = False  # the source changed since the stanza was written
    refusal: str = ""  # why it cannot move, whatever was decided
    callers: Callers | None = None  # as decided for `migrate finish`; None: not yet
    is_finished: bool = False  # a plain function again; `definition` is its record

    @property
    def moves(self) -> bool:
        return (
            self.accept is Accept.YES
            and not self.refusal
            and self.target is not Target.CELERY
            and not self.is_stale
        )


@dataclass(frozen=True, slots=True)
class Plan:
    package: str  # import name of the generated package
    package_path: str  # its folder below the root, posix
    tasks: tuple[PlannedTask, ...] = ()
    schedules: tuple[PlannedSchedule, ...] = ()
    shim_name: str = "shim"  # import name of the shim (vendored: another)


# ------------------------------------------------------------------- changeset


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file, before and after, as bytes. None: it does not exist on that side."""

    path: str
    before: bytes | None
    after: bytes | None
    reasons: tuple[str, ...] = ()  # task or schedule names that ask for it


@dataclass(frozen=True, slots=True)
class ManualStep:
    """What a person has to do, because the tool cannot do it safely."""

    location: Location | None
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An edit that cannot be done safely: the task or schedule stays as it is."""

    name: str  # of the task, or of the schedule entry
    location: Location
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeSet:
    changes: tuple[FileChange, ...] = ()
    manual_steps: tuple[ManualStep, ...] = ()
    refusals: tuple[Refusal, ...] = ()
