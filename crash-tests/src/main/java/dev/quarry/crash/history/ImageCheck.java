package dev.quarry.crash.history;

import static dev.quarry.crash.history.HistoryRun.ROOT;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreFailedException;
import dev.quarry.StoreFullException;
import dev.quarry.StoreInvariants;
import dev.quarry.crash.history.Oracle.Evicted;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Opens what a crash would leave of a disk, in a thread of its own while the history stands still,
 * and compares it with what may be left.
 */
final class ImageCheck implements AutoCloseable {

  private final Shape shape;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread checker = new Thread(task, "crash images");
            checker.setDaemon(true);
            return checker;
          });
  private final AtomicLong images = new AtomicLong();

  ImageCheck(Shape shape) {
    this.shape = shape;
  }

  /** How many were looked at. */
  long images() {
    return images.get();
  }

  /**
   * Looks at one.
   *
   * @param depth how often, at most, recovery is cut short by another crash
   */
  void check(SimulatedDisk disk, Oracle oracle, Survival survival, long seed, int depth) {
    List<KeyPast.Bounds> before = oracle.bounds();
    SimulatedDisk image = disk.afterCrash(survival, seed);
    inThread(() -> new Image(oracle, before, new SplittableRandom(seed)).check(image, depth));
  }

  /** Looks at what a crash would leave at every call of one recovery. */
  void checkEveryCallOfRecovery(SimulatedDisk disk, Oracle oracle, Survival survival, long seed) {
    List<KeyPast.Bounds> before = oracle.bounds();
    SimulatedDisk image = disk.afterCrash(survival, seed);
    inThread(() -> new Image(oracle, before, new SplittableRandom(seed)).checkEveryCall(image));
  }

  private void inThread(Runnable check) {
    try {
      thread.submit(check).get();
    } catch (ExecutionException e) {
      throw new AssertionError("after a crash: " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
  }

  @Override
  public void close() {
    thread.shutdown();
  }

  /** One, with all that recovery makes of it. */
  private final class Image {

    private final Oracle oracle;
    private final List<KeyPast.Bounds> before;
    private final SplittableRandom random;

    /** By any store opened on it, also by one that was cut short. */
    private final Evicted evicted = new Evicted();

    Image(Oracle oracle, List<KeyPast.Bounds> before, SplittableRandom random) {
      this.oracle = oracle;
      this.before = before;
      this.random = random;
    }

    void check(SimulatedDisk left, int depth) {
      SimulatedDisk image = left;
      if (random.nextInt(8) == 0) {
        loseCheckpoint(image);
      }
      for (int more = depth; ; more--) {
        boolean cutShort = more > 0 && random.nextBoolean();
        if (cutShort) {
          image.crashAfter(1L + random.nextInt(30));
        }
        images.incrementAndGet();
        try {
          recover(image, cutShort);
          return;
        } catch (SimulatedCrashException | StoreFailedException e) {
          if (!image.hasCrashed()) {
            throw e;
          }
          image = image.afterCrash(Survival.RANDOM, random.nextLong());
        }
      }
    }

    void checkEveryCall(SimulatedDisk image) {
      List<SimulatedDisk> cutShort = new ArrayList<>();
      images.incrementAndGet();
      Runnable crash = () -> cutShort.add(image.afterCrash(Survival.RANDOM, random.nextLong()));
      BlobStore store = oracle.bed(new ProbedDisk(image, crash), evicted).open(ROOT, options());
      oracle.checkImage(store, before, evicted);
      powerOff(image, store);
      cutShort.forEach(each -> check(each, 0));
    }

    private void recover(SimulatedDisk image, boolean cutShort) {
      BlobStore store = open(image);
      boolean closed = false;
      try {
        oracle.checkImage(store, before, evicted);
        if (!cutShort && random.nextInt(4) == 0) {
          StoreInvariants.check(store, image, ROOT);
        }
        if (!cutShort && random.nextInt(8) == 0) {
          closed = true;
          store.close();
          StoreInvariants.checkClosed(store, image, ROOT);
          reopen(image);
        }
      } finally {
        if (!closed) {
          powerOff(image, store);
        }
      }
    }

    /** Recovery finishes by reopening clean. */
    private void reopen(SimulatedDisk image) {
      BlobStore store = open(image);
      oracle.checkImage(store, before, evicted);
      powerOff(image, store);
    }

    private BlobStore open(SimulatedDisk image) {
      try {
        return oracle.bed(image, evicted).open(ROOT, options());
      } catch (StoreFullException e) {
        image.capacity(Long.MAX_VALUE);
        return oracle.bed(image, evicted).open(ROOT, options());
      }
    }

    private BlobStoreOptions options() {
      return shape.options();
    }

    private void loseCheckpoint(SimulatedDisk image) {
      try {
        HistoryRun.deleteCheckpoint(image);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    /** Gives back what the store has taken, without a word to the disk. */
    private void powerOff(SimulatedDisk image, BlobStore store) {
      if (!image.hasCrashed()) {
        image.crashAfter(1);
      }
      try {
        store.close();
      } catch (SimulatedCrashException | StoreFailedException e) {
        // as meant
      }
    }
  }
}
