"""Jobs: submitted, followed, stopped, taken up again; what servers do differently."""

import threading
import time

import pytest
from qgis.core import QgsFeedback
from qgis_obs.core import job_list, jobs
from qgis_obs.core.errors import Cancelled, JobFailed, Unreachable
from qgis_obs.core.http import Answer, Client
from qgis_obs.core.processes import read_process
from qgis_obs.core.servers import Server

PROCESS = read_process(
    {"id": "slow", "jobControlOptions": ["async-execute"], "outputs": {"out": {"schema": {"type": "string"}}}}
)
JOB = {"jobID": "1", "status": "accepted", "type": "process"}


def states(*said):
    """Answer one state after another, the last for ever."""
    left = list(said)
    return lambda _body: (200, {}, left.pop(0) if len(left) > 1 else left[0])


@pytest.fixture
def client(server, fake):
    fake.runs("slow", JOB, 201, Location="/jobs/1")
    return Client(server, timeout_s=2)


def test_a_job_is_followed_to_its_end(client, fake):
    fake.answers["GET", "/jobs/1"] = states(
        JOB, {**JOB, "status": "running", "progress": 40}, {**JOB, "status": "running", "progress": 30},
        {**JOB, "status": "successful", "progress": 100},
    )  # fmt: skip
    fake.get("/jobs/1/results", b'"ok"')
    heard = []

    job = jobs.submit(client, PROCESS, {"inputs": {}})
    done = jobs.follow(client, job, told=lambda each: heard.append((each.status, each.progress)))

    assert job.url == f"{fake.url}/jobs/1"
    assert fake.asked[0][2]["Prefer"] == "respond-async"
    assert heard[-1] == ("successful", 100)
    assert [progress for _, progress in heard] == sorted(progress for _, progress in heard)  # it never falls
    assert jobs.results(client, done).json() == "ok"


@pytest.mark.parametrize(
    ("said", "headers"),
    [(b"null", {"Location": "/jobs/1"}), (JOB, {}), ({"id": "1", "status": "accepted"}, {})],
    ids=["pygeoapi answers null", "no Location", "id for jobID"],
)
def test_the_address_of_a_job_is_found_where_servers_put_it(client, fake, said, headers):
    fake.runs("slow", said, 201, **headers)

    assert jobs.submit(client, PROCESS, {}).url == f"{fake.url}/jobs/1"


def test_a_server_that_answers_at_once_is_taken_at_its_word(client, fake):
    fake.runs("slow", {"out": "ok"})

    assert isinstance(jobs.submit(client, PROCESS, {}), Answer)


def test_a_failed_job_says_why(client, fake):
    fake.get("/jobs/1", {**JOB, "status": "failed", "message": "not enough memory"})

    with pytest.raises(JobFailed, match="not enough memory"):
        jobs.follow(client, jobs.submit(client, PROCESS, {}))


def test_a_job_that_the_server_forgot_is_lost_not_waited_for(client):
    with pytest.raises(JobFailed, match="knows this job no more"):
        jobs.follow(client, jobs.submit(client, PROCESS, {}))


def test_stopping_dismisses_the_job_on_the_server(client, fake):
    fake.get("/jobs/1", {**JOB, "status": "running"})
    fake.answers["DELETE", "/jobs/1"] = (200, {}, {**JOB, "status": "dismissed"})
    feedback, heard = QgsFeedback(), []
    threading.Timer(0.5, feedback.cancel).start()
    begun = time.monotonic()

    with pytest.raises(Cancelled):
        jobs.follow(client, jobs.submit(client, PROCESS, {}), feedback=feedback, told=heard.append)

    assert time.monotonic() - begun < 0.5 + 2
    assert ("DELETE", "/jobs/1") in [(method, path) for method, path, _, _ in fake.asked]
    assert heard[-1].status == "dismissed"


def test_a_server_that_dies_is_given_up_with_a_sentence_and_the_job_stays_in_the_list(client, fake, monkeypatch):
    monkeypatch.setattr(jobs, "SILENCE_S", 1.0)
    fake.get("/jobs/1", {**JOB, "status": "running"})
    job = jobs.submit(client, PROCESS, {})
    job_list.remember(job)
    fake.close()

    with pytest.raises(Unreachable, match="no answer"):
        jobs.follow(client, job, told=job_list.update)
    assert [each.url for each in job_list.jobs()] == [job.url]


def test_a_server_that_is_away_for_a_moment_ends_no_job(client, fake):
    fake.answers["GET", "/jobs/1"] = iter_answers(
        (429, {"Retry-After": "0"}, {}), (200, {}, {**JOB, "status": "successful"})
    )

    assert jobs.follow(client, jobs.submit(client, PROCESS, {})).status == "successful"


def iter_answers(*said):
    left = list(said)
    return lambda _body: left.pop(0)


def test_the_list_of_jobs_outlives_the_session_and_forgets_the_oldest_that_are_over(monkeypatch):
    monkeypatch.setattr(job_list, "MOST", 3)
    alive = jobs.Job("http://x/jobs/0", "p", "s", "t", "running", created="2026-01-01")
    job_list.remember(alive)
    for number in range(1, 6):
        job_list.remember(
            jobs.Job(f"http://x/jobs/{number}", "p", "s", "t", "successful", created=f"2026-01-0{number + 1}")
        )

    assert [job.url[-1] for job in job_list.jobs()] == ["5", "4", "0"]
    job_list.update(jobs.Job("http://x/jobs/9", "p", "s", "t"))  # removed meanwhile: it stays removed
    job_list.forget({"http://x/jobs/5"})
    assert [job.url[-1] for job in job_list.jobs()] == ["4", "0"]


def test_a_broken_list_is_an_empty_one():
    from qgis_obs.core.folder import folder

    (folder() / "jobs.json").write_text('{"half')
    assert job_list.jobs() == []


def test_one_output_is_asked_for_as_it_is_several_as_a_document():
    two = read_process(
        {"id": "p", "outputs": {"a": {"schema": {"type": "string"}}, "b": {"schema": {"type": "string"}}}}
    )

    assert jobs.body_of(PROCESS, {"x": 1}, []) == {"inputs": {"x": 1}, "response": "raw"}
    assert jobs.body_of(two, {}, [])["response"] == "document"
    assert jobs.body_of(two, {}, ["a"]) == {"inputs": {}, "outputs": {"a": {}}, "response": "raw"}


def test_an_id_is_quoted_in_the_address(server, fake):
    odd = read_process({"id": "JTS:area of"})
    fake.answers["POST", "/processes/JTS:area of/execution"] = (200, {}, 1)

    answer = jobs.run_now(Client(Server("x", "x", fake.url)), odd, {})

    assert answer.json() == 1
    assert answer.url == f"{fake.url}/processes/JTS%3Aarea%20of/execution"
