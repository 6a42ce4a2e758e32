"""Names, attributes, registration and direct calls."""

from __future__ import annotations

import pickle
import warnings

from celery import Task

from tests.conformance.parity import tasks
from tests.conformance.parity.side import app, task

from . import case, ended, error_of


@case
def declares_a_celery_task():
    return [isinstance(tasks.add, Task), type(tasks.add._get_current_object()).__name__]


@case
def declares_metadata():
    add = tasks.add
    return [add.__name__, add.__doc__, add.name, add.__wrapped__(1, 2), add.run(1, 2)]


@case
def declares_in_the_registry():
    return [app.tasks["add"] is tasks.add._get_current_object(), "nope" in app.tasks]


@case
def declares_default_attributes():
    names = (
        "max_retries default_retry_delay ignore_result acks_late serializer throws "
        "typing track_started time_limit soft_time_limit rate_limit"
    )
    return [getattr(tasks.add, name) for name in names.split()]


@case
def declares_unknown_options_as_attributes():
    @task(name="declared_colour", colour="red", flavour=3)
    def body():
        pass

    return [body.colour, body.flavour]


@case
def declares_with_and_without_parentheses():
    @task
    def plain():
        return 1

    @task()
    def called():
        return 2

    return [
        plain.name.rpartition(".")[2],
        called.name.rpartition(".")[2],
        plain(),
        called(),
    ]


@case
def declares_a_generated_name():
    @task
    def generated():
        pass

    return generated.name


@case
def declares_a_name_twice():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        @task(name="declared_twice")
        def first():
            return "first"

        @task(name="declared_twice")
        def second():
            return "second"

        values = [first(), second(), first.name == second.name]
    return [values, [type(w.message).__name__ for w in caught]]


@case
def declares_a_non_callable():
    return error_of(lambda: task("text"))


@case
def declares_with_two_arguments():
    return error_of(lambda: task(len, len))


@case
def declares_a_base_class():
    class Base(Task):
        colour = "blue"

        def helper(self):
            return "helped"

    @task(name="declared_base", base=Base, bind=True)
    def body(self):
        return [self.colour, self.helper()]

    return [body(), isinstance(body, Base)]


@case
def declares_with_annotations_of_the_config():
    return [tasks.annotated.max_retries, ended(tasks.annotated.delay())]


@case
def declares_a_picklable_task():
    return pickle.loads(pickle.dumps(tasks.add)).name


@case
def declares_a_repr():
    return repr(tasks.add).partition(" at ")[0]


@case
def direct_call_runs_here():
    return [tasks.add(1, b=5), tasks.bound(3)]


@case
def direct_call_raises_raw():
    return error_of(tasks.fail)


@case
def direct_call_takes_what_json_cannot():
    return tasks.types({1, 2})[0]


@case
def direct_call_runs_no_hooks():
    return tasks.hooked()


@case
def direct_retry_raises_the_error():
    return error_of(tasks.retries)


@case
def a_class_task_with_run():
    from celery import Task as Base

    class Adder(Base):
        name = "class_adder"

        def run(self, a):
            return a + 1

    registered = app.register_task(Adder())
    return [registered(1), app.tasks["class_adder"] is registered]
