package dev.quarry;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.TimeUnit;

/** Keeps tasks until it is told to run them, in the thread of who tells it. */
public class ManualExecutor extends AbstractExecutorService {

  private final Deque<Runnable> tasks = new ArrayDeque<>();
  private boolean atOnce;
  private boolean shutdown;

  @Override
  public void execute(Runnable task) {
    synchronized (this) {
      if (!atOnce) {
        tasks.add(task);
        return;
      }
    }
    task.run();
  }

  /** Runs what has come so far. */
  public void runAll() {
    for (Runnable task = poll(); task != null; task = poll()) {
      task.run();
    }
  }

  /** Runs what has come so far, and every task to come as soon as it comes. */
  public void runFromNowOn() {
    synchronized (this) {
      atOnce = true;
    }
    runAll();
  }

  private synchronized Runnable poll() {
    return tasks.poll();
  }

  @Override
  public void shutdown() {
    shutdown = true;
    runFromNowOn();
  }

  @Override
  public List<Runnable> shutdownNow() {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean isShutdown() {
    return shutdown;
  }

  @Override
  public boolean isTerminated() {
    return shutdown;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return shutdown;
  }
}
