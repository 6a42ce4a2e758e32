"""The statements of the SQL outbox; words in braces are the database's own."""

from __future__ import annotations

INSERT = """
INSERT INTO light_outbox
  (task_id, task, due, envelope, body, queued_at, held_by, revoked)
VALUES (:task_id, :task, coalesce(:due, {now}), :envelope, :body, {now},
  (SELECT key FROM light_outbox WHERE key = :held_by),
  (SELECT count(*) FROM light_revoked WHERE task_id = :task_id AND until > {now}))
"""
INSERT_CLAIMED = """
INSERT INTO light_outbox
  (task_id, task, due, envelope, body, queued_at, owner, lease_until, revoked)
VALUES (:task_id, :task, {now}, :envelope, :body, {now}, :owner, {now} + :lease,
  (SELECT count(*) FROM light_revoked WHERE task_id = :task_id AND until > {now}))
RETURNING key, revoked
"""
CLAIM = """
UPDATE light_outbox SET owner = :owner, lease_until = {now} + :lease
WHERE key IN (
  SELECT key FROM light_outbox
  WHERE owner IS NULL AND held_by IS NULL AND {task_matches}
    AND (due <= {now} OR :ahead = 1)
  ORDER BY due, key LIMIT :limit {skip_locked})
RETURNING key, task_id, task, due, envelope, body, redelivered, revoked
"""
START = """
UPDATE light_outbox SET started_at = {now}, late = :late
WHERE key = :key AND owner = :owner AND started_at IS NULL
"""
FINISH = "DELETE FROM light_outbox WHERE key = :key AND owner = :owner"
SHOW_HELD = "UPDATE light_outbox SET held_by = NULL WHERE held_by = :key"
RELEASE = """
UPDATE light_outbox
SET owner = NULL, lease_until = NULL, started_at = NULL,
    redelivered = CASE WHEN :redelivered = 1 THEN 1 ELSE redelivered END
WHERE key = :key AND owner = :owner
"""
EXTEND = """
UPDATE light_outbox SET lease_until = {now} + :lease
WHERE owner = :owner AND {key_matches}
"""
REVOKE = "UPDATE light_outbox SET revoked = 1 WHERE {id_matches}"
FORGET_REVOKED = "DELETE FROM light_revoked WHERE until < {now}"
REMEMBER_REVOKED = """
INSERT INTO light_revoked (task_id, until) VALUES (:task_id, {now} + :lifetime)
ON CONFLICT (task_id) DO UPDATE SET until = excluded.until
"""
WAIT = """
SELECT min(due) - {now} FROM light_outbox
WHERE owner IS NULL AND held_by IS NULL AND {task_matches}
"""
DROP_RETRIED = """
DELETE FROM light_outbox
WHERE owner IS NOT NULL AND lease_until < {now} AND started_at IS NOT NULL
  AND key IN (SELECT held_by FROM light_outbox WHERE held_by IS NOT NULL)
"""
SHOW_ORPHANS = """
UPDATE light_outbox SET held_by = NULL
WHERE held_by IS NOT NULL AND held_by NOT IN (SELECT key FROM light_outbox)
"""
OFFER_AGAIN = """
UPDATE light_outbox
SET owner = NULL, lease_until = NULL, started_at = NULL,
    redelivered = CASE WHEN started_at IS NULL THEN redelivered ELSE 1 END
WHERE owner IS NOT NULL AND lease_until < {now} AND (started_at IS NULL OR late = 1)
"""
TAKE_LOST = """
UPDATE light_outbox SET owner = :owner, lease_until = {now} + :lease
WHERE owner IS NOT NULL AND lease_until < {now} AND late = 0
  AND started_at IS NOT NULL AND {task_matches}
RETURNING key, task_id, task, due, envelope, body, redelivered, revoked
"""
COUNTS = """
SELECT task,
  sum(CASE WHEN owner IS NULL AND due <= {now} THEN 1 ELSE 0 END),
  sum(CASE WHEN owner IS NULL AND due > {now} THEN 1 ELSE 0 END),
  sum(CASE WHEN owner IS NOT NULL THEN 1 ELSE 0 END)
FROM light_outbox GROUP BY task
"""
ROUTES = "SELECT task, route FROM light_routes"
DROP_ROUTE = "DELETE FROM light_routes WHERE task = :task"
ADD_ROUTE = "INSERT INTO light_routes (task, route) VALUES (:task, :route)"
TALLIES = "SELECT task, name, value FROM light_tallies"
ADD_NUMBER = """
INSERT INTO light_tallies (task, name, value) VALUES (:task, :name, :value)
ON CONFLICT (task, name) DO UPDATE SET value = light_tallies.value + excluded.value
"""
LATEST_NUMBER = """
INSERT INTO light_tallies (task, name, value) VALUES (:task, :name, :value)
ON CONFLICT (task, name) DO UPDATE SET value =
  CASE WHEN excluded.value > light_tallies.value
  THEN excluded.value ELSE light_tallies.value END
"""
