package dev.quarry.index.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Tasks that end, fail, and do not end. */
class OwnThreadTest {

  private static final Duration LONG = Duration.ofMinutes(5);

  @Test
  void aTaskRunsInAThreadOfThatName() {
    AtomicReference<String> name = new AtomicReference<>();
    OwnThread.run("other", LONG, () -> name.set(Thread.currentThread().getName()));
    assertEquals("other", name.get());
  }

  @Test
  void whatATaskThrowsIsThrown() {
    OutOfMemoryError error = new OutOfMemoryError("none");
    Runnable failing =
        () -> {
          throw error;
        };
    assertEquals(
        error, assertThrows(OutOfMemoryError.class, () -> OwnThread.run("failing", LONG, failing)));
  }

  @Test
  void aTaskThatDoesNotEndIsNotWaitedForLonger() {
    CountDownLatch never = new CountDownLatch(1);
    Runnable waiting =
        () -> {
          try {
            never.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        };
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> OwnThread.run("waiting", Duration.ofMillis(50), waiting));
    assertTrue(e.getMessage().startsWith("waiting has not ended"), e.getMessage());
    never.countDown();
  }

  @Test
  void anInterruptIsKeptForTheCaller() {
    Thread.currentThread().interrupt();
    OwnThread.run("undisturbed", LONG, () -> {});
    assertTrue(Thread.interrupted());
  }
}
