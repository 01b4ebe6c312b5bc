"""The tasks for Celery's workers, and, called by itself, what sends them: `celery_tasks.py COUNT` prints JSON."""

import json
import os
import sys
import time

from celery import Celery, chain

redis = os.environ["BENCH_REDIS"]
app = Celery("celery_tasks", broker=redis, backend=redis)


@app.task
def add(x, y):
    return x + y


@app.task
def square(x):
    return x * x


def run(count):
    """A chain for each input, all of them under way at once, as its manual shows."""
    results = [chain(add.s(i, i + 1), square.s()).apply_async() for i in range(count)]
    return sum(result.get(timeout=300) for result in results)


if __name__ == "__main__":
    # Everybody else is warm, too.
    run(100)
    count = int(sys.argv[1])
    began = time.perf_counter()
    total = run(count)
    print(json.dumps({"ms": (time.perf_counter() - began) * 1000, "sum": total}))
