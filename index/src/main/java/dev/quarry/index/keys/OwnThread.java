package dev.quarry.index.keys;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Runs what must not meet an interrupt, nor take one from its caller, in a thread of its own. */
final class OwnThread {

  private OwnThread() {}

  /**
   * Runs a task and waits for it, whatever interrupts come; throws what it throws, if unchecked.
   */
  static void run(String name, Runnable task) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
                done.complete(null);
              } catch (Throwable e) {
                done.completeExceptionally(e);
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    try {
      done.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw e;
    }
  }
}
