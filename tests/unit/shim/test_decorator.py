"""What `light_task` makes, adopts and refuses."""

from __future__ import annotations

import pytest
from celery import Task, shared_task
from celery.local import PromiseProxy, Proxy

import shim
from shim import AdoptionError, UnsupportedOptionError, light_task


def queued(outbox):
    """The names of the waiting calls."""
    names = {"add", "shared", "wrapped", "generated", __name__ + ".generated"}
    return [claim.message.task for claim in outbox.claim("test", names, 10, 60)]


def test_with_an_app_it_makes_what_the_apps_decorator_makes(app, add):
    assert type(add) is PromiseProxy
    assert not add.__evaluated__()
    assert isinstance(add, Task)
    assert app.tasks["add"] is add._get_current_object()


def test_without_an_app_it_makes_a_shared_task(app, outbox):
    @light_task(name="shared")
    def shared():
        return 1

    assert type(shared) is Proxy
    assert shared() == 1
    shared.delay()
    assert queued(outbox) == ["shared"]


def test_a_shared_task_is_light_in_every_later_app(later, outbox):
    @light_task(name="shared")
    def shared():
        return 1

    later().tasks["shared"].delay()
    assert queued(outbox) == ["shared"]


def test_without_parentheses(app, outbox):
    @light_task
    def generated():
        return 1

    generated.delay()
    assert queued(outbox) == [__name__ + ".generated"]


def test_a_call_by_name_before_the_app_is_finalized_is_light(app, add, outbox):
    app.send_task("add", (1,))
    assert not app.finalized
    assert queued(outbox) == ["add"]


def test_an_ordinary_task_goes_to_the_broker(app, add, outbox):
    @app.task(name="heavy")
    def heavy():
        return 1

    heavy.delay()
    assert len(outbox) == 0
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("celery")
        assert queue.get(timeout=1).headers["task"] == "heavy"


def test_an_error_in_the_caller_is_celerys(add, outbox):
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        add.delay()
    assert len(outbox) == 0


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [
        ("time_limit", 5, "threads"),
        ("soft_time_limit", 5, "threads"),
        ("rate_limit", "10/m", "workers"),
        ("serializer", "pickle", "JSON"),
        ("Request", "my.request:Request", "Request"),
        ("Strategy", "my.strategy:Strategy", "Strategy"),
    ],
)
def test_an_option_that_needs_a_worker_is_refused(app, option, value, word):
    with pytest.raises(UnsupportedOptionError, match=word) as caught:
        light_task(name="refused", app=app, **{option: value})
    assert "leave this task on Celery" in str(caught.value)
    assert isinstance(caught.value, shim.ShimError)


def test_an_option_from_the_base_class_is_refused_at_the_first_call(app, outbox):
    class Slow(Task):
        rate_limit = "1/m"

    @light_task(name="slow", base=Slow, app=app)
    def slow():
        return 1

    with pytest.raises(UnsupportedOptionError, match="rate_limit='1/m'"):
        slow.delay()
    assert len(outbox) == 0


def test_an_option_from_the_configuration_is_refused_when_a_runner_starts(app, add):
    app.conf.task_annotations = {"add": {"rate_limit": "1/m"}}
    with pytest.raises(UnsupportedOptionError, match="rate_limit"):
        shim.Runner(app).start()


def test_a_time_limit_for_the_whole_app_is_only_reported(app, add, outbox, caplog):
    app.conf.task_time_limit = 60
    with shim.Runner(app):
        add.delay(1)
    assert "without the app's limits {'time_limit': 60}" in caplog.text


@pytest.mark.parametrize("option", ["time_limit", "soft_time_limit"])
def test_a_limit_of_one_call_is_refused(add, outbox, option):
    with pytest.raises(UnsupportedOptionError, match=option):
        add.apply_async((1,), **{option: 3})
    assert len(outbox) == 0


def test_another_serializer_of_one_call_is_refused(add, outbox):
    with pytest.raises(UnsupportedOptionError, match="JSON"):
        add.apply_async((1,), serializer="pickle")
    assert len(outbox) == 0


def test_an_options_none_is_no_option(app):
    light_task(name="none", app=app, time_limit=None, rate_limit=None)


class TestAdoption:
    """`light_task` above a decorator that already makes a Celery task."""

    def test_of_an_apps_task_that_is_not_made_yet(self, app, outbox):
        @light_task
        @app.task(name="wrapped", max_retries=9)
        def wrapped():
            return 1

        assert not wrapped.__evaluated__()
        wrapped.delay()
        assert queued(outbox) == ["wrapped"]
        assert wrapped.max_retries == 9

    def test_of_an_apps_task_that_is_made(self, app, outbox):
        @app.task(name="wrapped")
        def wrapped():
            return 1

        app.finalize()
        light_task(wrapped).delay()
        assert queued(outbox) == ["wrapped"]

    def test_of_a_shared_task(self, later, outbox):
        @light_task
        @shared_task(name="wrapped")
        def wrapped():
            return 1

        wrapped.delay()
        later().tasks["wrapped"].delay()
        assert queued(outbox) == ["wrapped", "wrapped"]

    @pytest.mark.usefixtures("app")
    def test_of_a_shared_task_with_a_generated_name(self, outbox):
        @light_task
        @shared_task
        def generated():
            return 1

        generated.delay()
        assert queued(outbox) == [__name__ + ".generated"]

    def test_in_every_app_that_gets_the_task(self, app, later, outbox):
        @light_task
        @app.task(name="wrapped")
        def wrapped():
            return 1

        later().tasks["wrapped"].delay()
        assert queued(outbox) == ["wrapped"]

    def test_of_a_projects_own_decorator(self, app, outbox):
        class Base(Task):
            colour = "blue"

        def project_task(**options):
            return app.task(base=Base, **options)

        @light_task(name="wrapped")
        @project_task(name="wrapped")
        def wrapped():
            return 1

        wrapped.delay()
        assert queued(outbox) == ["wrapped"]
        assert wrapped.colour == "blue"
        assert isinstance(wrapped, Base)

    def test_of_a_class_based_task(self, app, outbox):
        class Wrapped(Task):
            name = "wrapped"

            def run(self):
                return 1

        light_task(app.register_task(Wrapped())).delay()
        assert queued(outbox) == ["wrapped"]

    def test_refuses_options_of_its_own(self, app):
        with pytest.raises(AdoptionError, match="max_retries"):

            @light_task(max_retries=1)
            @app.task(name="wrapped")
            def wrapped():
                return 1

    def test_refuses_a_foreign_proxy(self):
        with pytest.raises(AdoptionError, match="shared_task did not make"):
            light_task(Proxy(lambda: 1))
