package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An I/O error that is not a full disk, in every call of a short history: it is final. */
class FailureTest {

  @SuppressWarnings("UnnecessaryLambda")
  private static final Supplier<IOException> BROKEN = () -> new IOException("the disk is broken");

  private static final Path CHECKPOINT = new StoreLayout(ROOT).checkpoint();

  private static BlobStore open(Disk disk, StoreMode mode) {
    return StoreFixture.open(disk, StoreFixture.options(mode));
  }

  /** How many calls the history, closing included, makes when all goes well. */
  private static long calls(StoreMode mode) {
    SimulatedDisk disk = new SimulatedDisk(1);
    long before;
    try (BlobStore store = open(disk, mode)) {
      before = disk.ioCalls();
      FaultHistory history = new FaultHistory();
      FaultHistory.operations().forEach(operation -> history.run(store, operation));
    }
    return disk.ioCalls() - before;
  }

  /** One run of the history, through a failure and the closing after it. */
  private static final class Run {

    private final SimulatedDisk disk;
    private final StoreMode mode;
    private final FaultHistory history = new FaultHistory();
    private final BlobStore store;
    private int failedIn = -1;
    private boolean closedQuietly;

    Run(SimulatedDisk disk, StoreMode mode, BiConsumer<SimulatedDisk, Long> plan) {
      this.disk = disk;
      this.mode = mode;
      this.store = open(disk, mode);
      plan.accept(disk, disk.ioCalls());
    }

    Run run() {
      for (int operation = 0; operation < FaultHistory.LENGTH && failedIn < 0; operation++) {
        try {
          history.run(store, operation);
          failedIn = store.stats().failure() == null ? -1 : FaultHistory.LENGTH;
        } catch (StoreFailedException e) {
          failedIn = operation;
          assertTrue(e.getMessage().contains("the disk is broken"), e.getMessage());
        }
      }
      if (failedIn >= 0 && mode == StoreMode.DURABLE) {
        assertReadOnly();
      } else if (failedIn >= 0) {
        assertMemoryOnly();
      }
      close();
      return this;
    }

    private void assertReadOnly() {
      String failure = store.stats().failure();
      assertNotNull(failure);
      assertTrue(failure.contains("the disk is broken"), failure);
      long puts = store.stats().puts();
      long calls = disk.ioCalls();
      for (int i = 0; i < 2; i++) {
        assertRefused(() -> store.put(key(7), value(7, 10)));
        assertRefused(() -> store.put(key(7), value(7, 100_000)));
        assertRefused(() -> store.put(key(1), value(7, 40_000)));
        assertRefused(() -> store.delete(key(1)));
        assertRefused(store::sync);
      }
      assertEquals(calls, disk.ioCalls(), "who refuses leaves the disk alone");
      assertEquals(puts, store.stats().puts());
      history.check(store, "after the failure");
    }

    private void assertMemoryOnly() {
      String failure = store.stats().failure();
      assertNotNull(failure);
      assertTrue(failure.contains("the disk is broken"), failure);
      long calls = disk.ioCalls();
      history.checkNewestOrNone(store, "after the failure");
      for (int i = 0; i < 10; i++) {
        store.put(key(7), value(i, 40_000));
        assertArrayEquals(value(i, 40_000), store.get(key(7)));
        assertRefused(() -> store.put(key(7), value(7, 100_000)));
        assertRefused(store::sync);
      }
      assertTrue(store.delete(key(7)));
      history.checkNewestOrNone(store, "long after the failure");
      assertEquals(calls, disk.ioCalls(), "the disk is left alone");
    }

    private static void assertRefused(Executable write) {
      var e = assertThrows(StoreFailedException.class, write);
      assertTrue(e.getMessage().contains("the disk is broken"), e.getMessage());
      assertNotNull(e.getCause());
    }

    private void close() {
      try {
        store.close();
        closedQuietly = true;
        assertTrue(failedIn < 0, "closing a store that has failed says so");
      } catch (StoreFailedException e) {
        assertTrue(e.getMessage().contains("the disk is broken"), e.getMessage());
      }
      assertEquals(List.of(), disk.openHandles());
    }

    /** Checks what is found by the next opening, after a crash of the machine or without one. */
    void assertRecovered(SimulatedDisk after) {
      try (BlobStore recovered = open(after, mode)) {
        if (mode == StoreMode.CACHE && !closedQuietly) {
          history.checkOnceTrue(recovered, "when opened again");
        } else {
          boolean inAnOperation = failedIn >= 0 && failedIn < FaultHistory.LENGTH;
          FaultHistory expected = inAnOperation ? history.with(recovered, failedIn) : history;
          expected.check(recovered, "when opened again");
        }
        recovered.put(key(7), value(1, 70_000));
        assertArrayEquals(value(1, 70_000), recovered.get(key(7)));
      }
      assertEquals(List.of(), after.openHandles());
    }
  }

  private static void forEveryCall(
      StoreMode mode, List<Survival> crashes, BiConsumer<SimulatedDisk, Long> plan) {
    for (long call = 1; call <= calls(mode); call++) {
      SimulatedDisk disk = new SimulatedDisk(call);
      long n = call;
      try {
        Run run = new Run(disk, mode, (planned, made) -> plan.accept(planned, made + n)).run();
        for (Survival survival : crashes) {
          run.assertRecovered(disk.afterCrash(survival, call));
        }
        disk.failFrom(Long.MAX_VALUE, BROKEN);
        run.assertRecovered(disk);
      } catch (AssertionError | BlobStoreException e) {
        List<String> history = disk.history();
        throw new AssertionError("call " + call + " of " + String.join("\n", history), e);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void afterOneCallFailedNothingIsAcknowledgedAndNothingIsLost(StoreMode mode) {
    List<Survival> crashes =
        mode == StoreMode.DURABLE
            ? List.of(Survival.NONE, Survival.TORN, Survival.RANDOM)
            : List.of();
    forEveryCall(mode, crashes, (disk, call) -> disk.failAt(call, BROKEN));
  }

  @ParameterizedTest
  @EnumSource
  void aDiskThatFailsFromOneCallOnLosesNothingThatWasAcknowledged(StoreMode mode) {
    List<Survival> crashes =
        mode == StoreMode.DURABLE ? List.of(Survival.NONE, Survival.RANDOM) : List.of();
    forEveryCall(mode, crashes, (disk, call) -> disk.failFrom(call, BROKEN));
  }

  @Test
  void aForceThatFailedOnceIsNotTriedAgain() {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStore store = open(disk, StoreMode.DURABLE);
    store.put(key(1), value(1, 100));
    disk.failAt(disk.ioCalls() + 2, BROKEN); // write, force
    assertThrows(StoreFailedException.class, () -> store.put(key(1), value(2, 100)));
    List<String> calls = disk.history();
    assertTrue(calls.get(calls.size() - 1).contains("force /store/wal/0000000001.wal FAILED"));
    assertArrayEquals(value(1, 100), store.get(key(1)), "a value that may be lost is not shown");
    assertThrows(StoreFailedException.class, store::sync);
    assertThrows(StoreFailedException.class, store::close);
    assertEquals(calls, disk.history(), "nothing is written after a failed force");
    try (BlobStore recovered = open(disk.afterCrash(Survival.NONE, 1), StoreMode.DURABLE)) {
      assertArrayEquals(value(1, 100), recovered.get(key(1)));
    }
  }

  // ---- failures while a store is opened ----

  /** A store with segments, a large value and a log, as a crash leaves it. */
  private static SimulatedDisk crashed(StoreMode mode) {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStore store = open(disk, mode);
    StoreFixture.putAll(store, 0, 12, 20_000);
    store.put(key(12), value(12, 200_000));
    store.put(key(13), value(13, 2_000));
    if (mode == StoreMode.CACHE) {
      store.sync();
    }
    SimulatedDisk crashed = disk.afterCrash(Survival.NONE, 1);
    store.close();
    return crashed;
  }

  private static void assertIntact(SimulatedDisk disk, StoreMode mode) {
    try (BlobStore store = open(disk, mode)) {
      StoreFixture.assertAll(store, 0, 12, 20_000);
      StoreFixture.assertAll(store, 12, 13, 200_000);
      StoreFixture.assertAll(store, 13, 14, 2_000);
    }
  }

  private static void assertOpeningFails(Disk disk, StoreMode mode) {
    var e = assertThrows(StoreFailedException.class, () -> open(disk, mode));
    assertTrue(e.getMessage().contains("the disk is broken"), e.getMessage());
    assertTrue(e.getMessage().contains(ROOT.toString()), e.getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void anOpeningThatFailsGivesEverythingBackAndMayBeRepeated(StoreMode mode) {
    SimulatedDisk whole = crashed(mode);
    open(whole.afterCrash(Survival.ALL, 1), mode).close();
    SimulatedDisk counted = crashed(mode);
    long calls = counted.ioCalls();
    BlobStore first = open(counted, mode);
    calls = counted.ioCalls() - calls;
    first.close();
    for (long call = 1; call <= calls; call++) {
      SimulatedDisk disk = crashed(mode);
      disk.failAt(disk.ioCalls() + call, BROKEN);
      assertOpeningFails(disk, mode);
      assertEquals(List.of(), disk.openHandles(), "after call " + call + " failed");
      assertIntact(disk.afterCrash(Survival.NONE, call), mode);
      assertIntact(disk, mode);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Operation.class,
      names = {"EXISTS", "LIST", "SIZE", "OPEN", "OPEN_FOR_READ", "MAP", "READ"})
  void anOpeningThatCannotReadGivesEverythingBackAndMayBeRepeated(Operation operation) {
    for (StoreMode mode : StoreMode.values()) {
      boolean failed = true;
      for (int nth = 1; failed; nth++) {
        SimulatedDisk disk = crashed(mode);
        AtomicInteger left = new AtomicInteger(nth);
        AtomicReference<Path> broken = new AtomicReference<>();
        Disk faulty =
            new FaultyDisk(
                disk,
                (called, path) -> {
                  if (called != operation || left.decrementAndGet() != 0) {
                    return null;
                  }
                  broken.set(path);
                  return new IOException(path + ": the disk is broken");
                });
        try {
          open(faulty, mode).close();
          failed = left.get() <= 0;
          assertTrue(
              !failed || CHECKPOINT.equals(broken.get()), // which is not needed
              () -> operation + " of " + broken + " was ignored");
        } catch (StoreFailedException e) {
          assertTrue(e.getMessage().contains("the disk is broken"), e.getMessage());
        }
        assertEquals(List.of(), disk.openHandles());
        assertIntact(disk, mode);
      }
    }
  }

  @Test
  void anOpeningThatGetsNoThreadGivesEverythingBack() {
    SimulatedDisk disk = crashed(StoreMode.DURABLE);
    Environment threadless =
        new Environment(
            disk,
            Xxh3KeyHash::new,
            () -> {
              throw new OutOfMemoryError("unable to create native thread");
            });
    assertThrows(
        ResourceExhaustedException.class,
        () -> BlobStore.open(ROOT, StoreFixture.DURABLE, threadless));
    assertEquals(List.of(), disk.openHandles());
    assertIntact(disk, StoreMode.DURABLE);
  }

  // ---- failures of calls that change nothing ----

  @ParameterizedTest
  @EnumSource
  void aSegmentThatCannotBeMappedAfterItWasWrittenIsAFailureToo(StoreMode mode) {
    SimulatedDisk disk = new SimulatedDisk(1);
    AtomicInteger maps = new AtomicInteger();
    Disk faulty =
        new FaultyDisk(
            disk,
            (operation, path) ->
                operation == Operation.MAP && maps.incrementAndGet() == 2 ? BROKEN.get() : null);
    BlobStore store = open(faulty, mode);
    int acknowledged = 0;
    while (store.stats().failure() == null) {
      store.put(key(acknowledged), value(acknowledged, 10_000));
      acknowledged++;
    }
    int before = acknowledged;
    if (mode == StoreMode.DURABLE) {
      assertThrows(StoreFailedException.class, () -> store.put(key(before), value(0, 1)));
      StoreFixture.assertAll(store, 0, before, 10_000);
    }
    assertThrows(StoreFailedException.class, store::close);
    assertEquals(List.of(), disk.openHandles());
    try (BlobStore recovered = open(disk, mode)) {
      if (mode == StoreMode.DURABLE) {
        StoreFixture.assertAll(recovered, 0, before, 10_000);
      }
      assertNull(recovered.get(key(before)));
    }
  }
}
