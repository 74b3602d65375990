from evaluation.conclude import publish


def make_scores(folder, text="# Report", summary="{}"):
    folder.mkdir(exist_ok=True)
    (folder / "report.md").write_text(text)
    (folder / "summary.json").write_text(summary)
    (folder / "toy.png").write_bytes(b"picture")
    return folder


def test_report_picture_and_one_line(workspace, tmp_path):
    scores = make_scores(tmp_path / "toy")
    page = publish(scores, "toy", date="2026-01-02", headline="a 1, b 2")
    assert page == workspace / "agents" / "reports" / "toy.md" and page.read_text() == "# Report"
    assert (page.parent / "toy.png").read_bytes() == b"picture"
    log = (workspace / "agents" / "RUNLOG.md").read_text()
    assert log.startswith("# Run log\n") and log.count("\n- ") == 1
    assert "- 2026-01-02 [toy](reports/toy.md) `" in log and log.endswith(": a 1, b 2\n")


def test_the_same_scores_are_logged_once(workspace, tmp_path):
    log = workspace / "agents" / "RUNLOG.md"
    publish(make_scores(tmp_path / "toy"), "toy", date="2026-01-02", headline="first")
    before = log.read_text()
    publish(make_scores(tmp_path / "toy"), "toy", date="2026-01-03", headline="first again")
    assert log.read_text() == before
    publish(make_scores(tmp_path / "toy", summary='{"other": 1}'), "toy", date="2026-01-04", headline="second")
    assert log.read_text().startswith(before) and log.read_text().count("\n- ") == 2


def test_what_people_wrote_into_the_log_stays(workspace, tmp_path):
    log = workspace / "agents" / "RUNLOG.md"
    log.parent.mkdir()
    log.write_text("# Our log\n\nBy hand.\n\n\n")
    publish(make_scores(tmp_path / "toy"), "toy", date="2026-01-02", headline="x")
    assert log.read_text().startswith("# Our log\n\nBy hand.\n\n- 2026-01-02 [toy]")
