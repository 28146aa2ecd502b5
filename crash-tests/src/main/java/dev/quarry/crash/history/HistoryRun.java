package dev.quarry.crash.history;

import dev.quarry.Blob;
import dev.quarry.BlobStore;
import dev.quarry.BlobStoreException;
import dev.quarry.BlobStoreOptions;
import dev.quarry.CorruptionException;
import dev.quarry.ManualAlarm;
import dev.quarry.ResourceExhaustedException;
import dev.quarry.StoreFailedException;
import dev.quarry.StoreFullException;
import dev.quarry.StoreInvariants;
import dev.quarry.TestStores;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One history, run on a simulated disk through all its crashes and failures. Whatever breaks a
 * promise ends it with an {@link AssertionError}, or with an exception of the store that the
 * history gave no reason for.
 */
final class HistoryRun {

  static final Path ROOT = Path.of("/store");

  private static final int MOST_HELD = 6;

  /** How often the idle time passes until a flush that is slow must have ended. */
  private static final int IDLE_TIMES = 50;

  private static final long IDLE_PAUSE_NANOS = 200_000;

  /** A blob that is open, and what it showed at first. */
  private record Held(Blob blob, ByteBuffer value) {}

  private final History history;
  private final Shape shape;
  private final UnaryOperator<Disk> decorator;
  private final CrashProbe probe;
  private final Oracle oracle;
  private final Random random;
  private final Deque<Held> held = new ArrayDeque<>();

  private BlobStoreOptions options;
  private ManualAlarm alarm = new ManualAlarm();
  private SimulatedDisk disk;
  private @Nullable BlobStore open;

  /** Whether a call was made to fail, so that the store may say that it has failed. */
  private boolean failing;

  private final Shortage shortage = new Shortage();

  /** Whether the store must work again, without being opened anew, when the shortage is over. */
  private boolean showsRecovery;

  private boolean losesCheckpoint;
  private int crashes;

  /**
   * Makes one.
   *
   * @param decorator put on the disk each time it is opened; to break it, the identity if not
   * @param probe told of each call
   */
  HistoryRun(History history, UnaryOperator<Disk> decorator, CrashProbe probe) {
    this.history = history;
    this.shape = history.shape();
    this.options = shape.options();
    this.decorator = decorator;
    this.probe = probe;
    this.oracle = new Oracle(shape);
    this.random = new Random(history.seed());
    this.disk = new SimulatedDisk(random.nextLong());
  }

  /** How often the power failed. */
  int crashes() {
    return crashes;
  }

  SimulatedDisk disk() {
    return disk;
  }

  /** Has the first disk, up to its crash, fail as planned; the store may fail for it. */
  void plan(Consumer<SimulatedDisk> failures) {
    failing = true;
    failures.accept(disk);
  }

  /**
   * Has some calls fail for a lack that passes.
   *
   * @return tells how it went
   */
  Shortage planShortage(long after, long length, boolean ofMemory) {
    shortage.plan(after, length, ofMemory);
    showsRecovery = true;
    return shortage;
  }

  void run() {
    try {
      open();
      for (Step step : history.steps()) {
        run(step);
      }
      if (showsRecovery) {
        showRecovery();
      }
      finish();
    } finally {
      held.forEach(each -> each.blob.close());
      cutOff();
    }
  }

  private BlobStore store() {
    if (open == null) {
      throw new IllegalStateException("the store is not open");
    }
    return open;
  }

  private void run(Step step) {
    try {
      act(step);
      requireNotLatched();
      if (disk.hasCrashed() || (failing && store().stats().failure() != null)) {
        restart(); // a cache may go on without its disk, and not say so
      }
    } catch (StoreFullException e) {
      // no more than a refusal
    } catch (ResourceExhaustedException e) {
      require(shortage.hasBegun(), "nothing lacked: " + e.getMessage());
      requireNotLatched();
    } catch (SimulatedCrashException | StoreFailedException e) {
      requireReason(e);
      if (!disk.hasCrashed()) {
        requireLatched();
      }
      restart();
    }
  }

  /** A lack is none. */
  private void requireNotLatched() {
    if (shortage.hasBegun() && !failing && !disk.hasCrashed() && open != null) {
      String failure = open.stats().failure();
      boolean crashed = disk.hasCrashed(); // asked last: threads of the store may meet it now
      require(failure == null || crashed, "a lack was taken for a failure: " + failure);
    }
  }

  /** When the lack is over, all is as if there had been none. */
  private void showRecovery() {
    shortage.end();
    oracle.put(0, 100, Step.Kind.PUT, store());
    oracle.put(1, TestStores.SEGMENT_BYTES + 1, Step.Kind.PUT_STREAM, store());
    oracle.put(1, 5, Step.Kind.PUT_BUFFER, store());
    oracle.delete(0, store());
    store().sync();
    oracle.synced();
    oracle.readAll(store());
    requireNotLatched();
  }

  /** A failure is final: nothing more is acknowledged as durable, nor said to the disk. */
  private void requireLatched() {
    BlobStore store = open;
    if (store == null || shape.threaded()) {
      return;
    }
    long calls = disk.ioCalls();
    require(store.stats().failure() != null, "a store that has failed does not say so");
    requireRefused(store::sync);
    if (!shape.isCache()) {
      requireRefused(() -> store.put(Oracle.keyBytes(0), new byte[10]));
      requireRefused(() -> store.put(Oracle.keyBytes(0), new byte[2 * TestStores.SEGMENT_BYTES]));
      requireRefused(() -> store.delete(Oracle.keyBytes(0)));
    }
    oracle.readAll(store);
    require(disk.ioCalls() == calls, "a store that has failed does not leave the disk alone");
  }

  private static void requireRefused(Runnable call) {
    try {
      call.run();
    } catch (StoreFailedException e) {
      return;
    }
    throw new AssertionError("acknowledged by a store that has failed");
  }

  private static void require(boolean holds, String fault) {
    if (!holds) {
      throw new AssertionError(fault);
    }
  }

  private void requireReason(Throwable e) {
    if (!disk.hasCrashed() && !failing) {
      throw new AssertionError("failed without a reason: " + e.getMessage(), e);
    }
  }

  private void act(Step step) {
    BlobStore store = store();
    switch (step.kind()) {
      case PUT, PUT_BUFFER, PUT_STREAM -> oracle.put(step.key(), step.amount(), step.kind(), store);
      case DELETE -> oracle.delete(step.key(), store);
      case GET -> oracle.read(step.key(), store);
      case HOLD -> hold(step.key());
      case RELEASE -> release();
      case SYNC -> {
        store.sync();
        oracle.synced();
        oracle.readAll(store);
      }
      case IDLE -> idle();
      case CHANGE_BOUND -> changeBound(step.amount());
      case REOPEN -> reopen();
      case PUT_MANY -> {
        for (int i = 0; i < step.amount(); i++) {
          oracle.put((step.key() + i) % shape.keys(), i % 40, Step.Kind.PUT, store);
        }
      }
      case DELETE_MANY -> {
        for (int i = 0; i < step.amount(); i++) {
          oracle.delete((step.key() + i) % shape.keys(), store);
        }
      }
      case CRASH -> disk.crashAfter(step.amount());
      case FAIL -> {
        failing = true;
        disk.failAfter(step.amount(), () -> new IOException("injected"));
      }
      case LACK -> {
        SplittableRandom random = step.random();
        shortage.plan(step.amount(), 1 + random.nextInt(20), random.nextInt(3) == 0);
      }
      case FILL_DISK -> disk.capacity(disk.usedSpace() + step.amount());
      case FREE_DISK -> disk.capacity(Long.MAX_VALUE);
      case LOSE_CHECKPOINT -> losesCheckpoint = true;
      case THREADS -> new ThreadBatch(oracle, shape, store, step).run();
    }
  }

  // ---- blobs that are held ----

  private void hold(int key) {
    byte[] expected = oracle.read(key, store());
    Blob blob;
    try {
      blob = store().view(Oracle.keyBytes(key));
    } catch (CorruptionException e) {
      oracle.requireCollision(key, e);
      return;
    }
    if (blob != null) {
      ByteBuffer value = ByteBuffer.allocate(blob.size()).put(blob.buffer()).flip();
      held.add(new Held(blob, value));
      if (!shape.isCache()
          && !value.equals(ByteBuffer.wrap(expected == null ? new byte[0] : expected))) {
        throw new AssertionError(
            "key " + key + " is viewed with another value than it is read with");
      }
    }
    if (held.size() > MOST_HELD) {
      release();
    }
  }

  private void release() {
    Held oldest = held.poll();
    if (oldest != null) {
      boolean same = oldest.value.equals(oldest.blob.buffer());
      oldest.blob.close();
      require(same, "a blob changed while it was open");
    }
  }

  // ---- idle times ----

  /** Afterwards everything is on disk, or the store has yet to try again, or has failed. */
  private void idle() {
    for (int i = 0; alarm.isSet() && i < IDLE_TIMES; i++) {
      alarm.goOff();
      if (shape.threaded()) {
        LockSupport.parkNanos(IDLE_PAUSE_NANOS);
      }
    }
    BlobStore store = store();
    if (shape.isCache() && !alarm.isSet() && store.stats().failure() == null) {
      oracle.synced();
      oracle.readAll(store);
    }
  }

  // ---- openings and crashes ----

  private void changeBound(int segments) {
    if (shape.isCache()) {
      long bound = (long) segments * options.segmentBytes();
      options = options.toBuilder().maxBytes(bound).build();
    }
    reopen();
    require(store().stats().maxBytes() == options.maxBytes(), "the bound was not changed");
  }

  private void reopen() {
    boolean lossless = close();
    if (lossless) {
      oracle.synced();
    }
    boolean lost = loseCheckpoint();
    int before = crashes;
    open();
    if (shape.isCache() && (lost || !lossless || crashes > before)) {
      oracle.restart(store());
    } else {
      oracle.readAll(store());
    }
  }

  /** Whether all that was acknowledged has reached the disk. */
  private boolean close() {
    BlobStore store = store();
    open = null;
    try {
      store.close();
      return true;
    } catch (StoreFullException e) {
      require(shape.isCache() || failing, "a durable store needs room to be closed");
      disk.capacity(Long.MAX_VALUE);
      return false;
    } catch (ResourceExhaustedException e) {
      require(shape.isCache() && shortage.hasBegun(), "a durable store lacks nothing to be closed");
      return false;
    }
  }

  /** Deletes it for good: one that came back in a crash would be of another past. */
  static void deleteCheckpoint(SimulatedDisk disk) throws IOException {
    StoreLayout layout = new StoreLayout(ROOT);
    if (disk.exists(layout.checkpoint())) {
      disk.delete(layout.checkpoint());
      disk.syncDirectory(layout.checkpointDirectory());
    }
  }

  private boolean loseCheckpoint() {
    if (!losesCheckpoint) {
      return false;
    }
    losesCheckpoint = false;
    try {
      deleteCheckpoint(disk);
    } catch (IOException | SimulatedCrashException e) {
      if (!disk.hasCrashed() && !failing) {
        throw new AssertionError(e);
      }
    }
    return true;
  }

  /** Opens the store, through crashes of recovery itself. */
  private void open() {
    for (; ; ) {
      SimulatedDisk now = disk;
      try {
        Disk probed = new ProbedDisk(now, () -> probe.beforeCall(now, oracle));
        Disk lacking = new FaultyDisk(decorator.apply(probed), shortage);
        alarm = new ManualAlarm();
        open = oracle.bed(lacking).alarmedBy(alarm).open(ROOT, options);
        return;
      } catch (ResourceExhaustedException e) {
        require(shortage.hasBegun(), "nothing lacked: " + e.getMessage()); // and is over soon
      } catch (StoreFullException e) {
        disk.capacity(Long.MAX_VALUE);
        if (failing) {
          crash(); // the next disk is whole
        }
      } catch (SimulatedCrashException | BlobStoreException e) {
        if (disk.hasCrashed()) {
          crash();
        } else if (failing && e instanceof StoreFailedException) {
          crash(); // the next disk is whole
        } else {
          throw e;
        }
      }
    }
  }

  private void restart() {
    for (; ; ) {
      cutOff();
      crash();
      loseCheckpoint();
      try {
        open();
        oracle.restart(store());
        return;
      } catch (SimulatedCrashException | StoreFailedException e) {
        requireReason(e);
      }
    }
  }

  private void cutOff() {
    BlobStore store = open;
    open = null;
    if (store == null) {
      return;
    }
    try {
      store.close();
    } catch (SimulatedCrashException | BlobStoreException e) {
      // it has failed, which it says again
    }
  }

  private void crash() {
    crashes++;
    failing = false;
    shortage.end();
    disk = disk.afterCrash(Survival.RANDOM, random.nextLong());
    if (random.nextInt(3) == 0) {
      disk.crashAfter(1 + random.nextInt(40));
    }
  }

  private void finish() {
    disk.capacity(Long.MAX_VALUE);
    restart();
    disk.capacity(Long.MAX_VALUE);
    if (disk.hasCrashed()) {
      restart();
    }
    disk.crashAt(Long.MAX_VALUE);
    BlobStore store = store();
    StoreInvariants.check(store, disk, ROOT);
    while (!held.isEmpty()) {
      release();
    }
    close();
    StoreInvariants.checkClosed(store, disk, ROOT);
    require(disk.openHandles().isEmpty(), "not closed: " + disk.openHandles());
  }
}
