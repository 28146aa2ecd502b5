package dev.quarry.wal;

import static dev.quarry.wal.TestLogs.HASHER;
import static dev.quarry.wal.TestLogs.LAYOUT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Slab;
import dev.quarry.segment.Survival;
import dev.quarry.segment.Trailer;
import dev.quarry.wal.TestLogs.Entry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Appends, group commits and promotions on a simulated disk, until they are through or the power
 * fails; and what must then be found.
 */
final class LogHistory {

  private static final int SLAB_BYTES = 32 << 10;
  private static final long UNLIMITED = 1L << 40;

  enum Kind {
    PUT,
    DELETE,
    COMMIT,
    ROTATE,
    PROMOTE,

    /** The next commit finds little room. */
    FULL,

    /** One of the next calls of a file is cut short. */
    INTERRUPT,

    /** One of the next calls fails, for good. */
    FAIL
  }

  /**
   * One step.
   *
   * @param size of the value in bytes; or how much room there is, or how many calls away the fault
   */
  record Step(Kind kind, int size) {}

  private enum Fate {
    /** Nobody was told, so it may be there or not. */
    UNKNOWN,
    ACKNOWLEDGED,
    REFUSED
  }

  private static final class Written {

    private final Entry entry;
    private final GroupCommit.Ticket log;
    private final int end;
    private Fate fate = Fate.UNKNOWN;

    Written(Entry entry, GroupCommit.Ticket log, int end) {
      this.entry = entry;
      this.log = log;
      this.end = end;
    }
  }

  private record Sealed(Slab slab, GroupCommit.Ticket log) {}

  private final SimulatedDisk disk;
  private final Disk decorated;
  private final GroupCommit commit;
  private final List<Written> written = new ArrayList<>();
  private final Deque<Sealed> sealed = new ArrayDeque<>();
  private final List<Path> promoted = new ArrayList<>();
  private Slab slab;
  private GroupCommit.Ticket log;
  private int interruptedCall;

  /**
   * @param decorator puts a disk in front of the simulated one
   */
  LogHistory(long seed, UnaryOperator<Disk> decorator) throws IOException {
    disk = TestLogs.disk(seed);
    Hook interrupts = this::interrupt;
    decorated = decorator.apply(interrupts.inFrontOf(disk));
    commit = new GroupCommit(decorated, LAYOUT);
    slab = TestLogs.slab(SLAB_BYTES);
    log = commit.add(slab);
  }

  private void interrupt(Operation call, Path path) {
    boolean ofFile =
        call == Operation.WRITE || call == Operation.TRUNCATE || call == Operation.FORCE;
    if (ofFile && --interruptedCall == 0) {
      disk.failAt(disk.ioCalls() + 1, () -> new DiskInterruptedException("interrupted", null));
    }
  }

  SimulatedDisk disk() {
    return disk;
  }

  // ---- running ----

  /** Takes the steps, up to one that fails or at which the power does. */
  void run(List<Step> steps) throws IOException {
    try {
      for (Step step : steps) {
        take(step);
      }
    } catch (SimulatedCrashException e) {
      assertTrue(disk.hasCrashed());
    } catch (IOException e) {
      boolean expected = steps.stream().anyMatch(step -> step.kind == Kind.FAIL);
      assertTrue(expected, () -> "failed by itself: " + e);
    } finally {
      commit.abandon();
    }
    assertEquals(List.of(), disk.openHandles());
  }

  private void take(Step step) throws IOException {
    switch (step.kind) {
      case PUT -> append(RecordFormat.PUT, TestLogs.value(step.size, written.size()));
      case DELETE -> append(RecordFormat.TOMBSTONE, "");
      case COMMIT -> awaitAll(step.size % 2 == 0);
      case ROTATE -> rotate();
      case PROMOTE -> promote();
      case FULL -> {
        disk.capacity(disk.usedSpace() + step.size);
        awaitAll(true);
        disk.capacity(UNLIMITED);
      }
      case INTERRUPT -> interruptedCall = 1 + step.size % 4;
      case FAIL -> disk.failAt(disk.ioCalls() + 1 + step.size % 8, () -> new IOException("broken"));
    }
  }

  private void append(byte kind, String value) {
    String key = "key" + written.size() % 20;
    long ticket = TestLogs.reserve(slab, key, value);
    if (ticket == Slab.FULL) {
      rotate();
      ticket = TestLogs.reserve(slab, key, value);
    }
    TestLogs.write(slab, ticket, kind, key, value);
    Entry entry = new Entry(kind, key, value, slab.sequence(ticket));
    written.add(new Written(entry, log, TestLogs.end(ticket, key, value)));
  }

  private void rotate() {
    slab.seal();
    sealed.add(new Sealed(slab, log));
    slab = TestLogs.slab(SLAB_BYTES, slab);
    log = commit.add(slab);
  }

  /** Every writer waits for its record, the first or the last of them being the leader. */
  private void awaitAll(boolean lastLeads) throws IOException {
    List<Written> waiting = written.stream().filter(w -> w.fate == Fate.UNKNOWN).toList();
    if (lastLeads && !waiting.isEmpty()) {
      await(waiting.get(waiting.size() - 1));
    }
    for (Written record : waiting) {
      await(record);
    }
  }

  private void await(Written record) throws IOException {
    try {
      commit.await(record.log, record.end);
      record.fate = Fate.ACKNOWLEDGED;
    } catch (DiskFullException e) {
      record.fate = Fate.REFUSED;
    }
  }

  /** Makes a segment of the oldest sealed slab. */
  private void promote() throws IOException {
    Sealed oldest = sealed.poll();
    if (oldest == null) {
      return;
    }
    try (@Nullable DiskFile file = commit.finish(oldest.log)) {
      for (Written record : written) {
        if (record.log == oldest.log && record.fate == Fate.UNKNOWN) {
          await(record);
        }
      }
      if (file == null) {
        return;
      }
      Trailer trailer = oldest.slab.finish(HASHER);
      LogPromotion.complete(oldest.slab, file, commit.durable(oldest.log), trailer);
    }
    LogPromotion.rename(decorated, LAYOUT, oldest.slab.id());
    promoted.add(LAYOUT.segment(oldest.slab.id()));
  }

  // ---- checking ----

  /** Whether the power failed in one of the steps. */
  boolean hasCrashed() {
    return disk.hasCrashed();
  }

  /**
   * Checks what a crash leaves, and at every third seed or so what recovery makes of it.
   *
   * @param decorator puts a disk in front of the one that recovery runs on
   */
  void check(Survival survival, long seed, UnaryOperator<Disk> decorator) throws IOException {
    String where = survival + ", seed " + seed;
    SimulatedDisk after = disk.afterCrash(survival, seed);
    after.capacity(UNLIMITED);
    List<Entry> found = TestLogs.everything(after);
    checkFound(found, where);
    for (Path segment : promoted) {
      assertTrue(after.exists(segment), () -> segment + " is a log again: " + where);
    }
    Random random = new Random(seed);
    if (random.nextInt(3) == 0) {
      checkRecovery(after, random, found, where, decorator);
    }
  }

  /** Recovers, through crashes of recovery itself. */
  private static void checkRecovery(
      SimulatedDisk crashed,
      Random random,
      List<Entry> found,
      String where,
      UnaryOperator<Disk> decorator)
      throws IOException {
    SimulatedDisk after = crashed;
    for (int crash = 0; crash < 3; crash++) {
      after.crashAt(after.ioCalls() + 1 + random.nextInt(20));
      try {
        TestLogs.recover(decorator.apply(after));
      } catch (SimulatedCrashException e) {
        assertTrue(after.hasCrashed());
      }
      assertEquals(List.of(), after.openHandles());
      after = after.afterCrash(Survival.RANDOM, random.nextLong());
      assertEquals(found, TestLogs.everything(after), where + ", after recovery " + crash);
    }
    TestLogs.recover(after);
    assertEquals(found, TestLogs.everything(after), where);
    assertEquals(List.of(), after.list(LAYOUT.logs()));
    assertEquals(List.of(), after.openHandles());
  }

  /** A prefix of what was written, less what was refused, with everything acknowledged. */
  private void checkFound(List<Entry> found, String where) {
    List<Entry> expected = new ArrayList<>();
    int acknowledged = 0;
    for (Written record : written) {
      if (record.fate != Fate.REFUSED) {
        expected.add(record.entry);
      }
      if (record.fate == Fate.ACKNOWLEDGED) {
        acknowledged = expected.size();
      }
    }
    assertTrue(
        found.size() >= acknowledged,
        acknowledged + " were acknowledged, " + found.size() + " found: " + where);
    assertTrue(
        found.size() <= expected.size() && found.equals(expected.subList(0, found.size())),
        () -> "no prefix: " + found + " of " + expected + ": " + where);
  }
}
