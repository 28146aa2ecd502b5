package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.quarry.segment.Disk;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.GenerationMode;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomGenerator;

/**
 * Random histories on the simulated disk, with the power failing at random I/O calls, those of
 * recovery included. After each crash every acknowledged operation is there, and one that was under
 * way is there wholly or not at all.
 */
class DurableCrashTest {

  private static final Path ROOT = Path.of("/store");

  @Property(tries = 400)
  void whatWasAcknowledgedSurvivesACrashAtAnyCall(
      @ForAll("histories") List<Step> steps, @ForAll long seed) {
    new History(steps, seed, disk -> disk).run();
  }

  @Provide
  Arbitrary<List<Step>> histories() {
    return Step.any().filter(DurableCrashTest::needsNoKeyIndex).list().ofMinSize(1).ofMaxSize(100);
  }

  private static boolean needsNoKeyIndex(Step step) {
    return step.kind() != Step.Kind.KEYS;
  }

  /** A checker that cannot fail proves nothing: each of these disks breaks one promise. */
  @Property(generation = GenerationMode.EXHAUSTIVE)
  void aDiskThatBreaksAPromiseIsFoundOut(@ForAll BrokenDisk.Fault fault) {
    RandomGenerator<List<Step>> histories = histories().generator(100);
    for (long seed = 0; seed < 3_000; seed++) {
      List<Step> steps = histories.next(new Random(seed)).value();
      try {
        new History(steps, seed, disk -> new BrokenDisk(disk, fault)).run();
      } catch (AssertionError | BlobStoreException e) {
        System.out.println(fault + " at seed " + seed + ": " + e);
        return;
      }
    }
    fail("no history noticed that the disk does this: " + fault);
  }

  /** One history, through as many crashes as its steps last. */
  static final class History {

    private final List<Step> steps;
    private final Random random;
    private final UnaryOperator<Disk> decorator;
    private final BlobStoreOptions options;
    private final StoreModel model = new StoreModel();
    private final HeldBlobs blobs;
    private SimulatedDisk disk;
    private BlobStore store;

    History(List<Step> steps, long seed, UnaryOperator<Disk> decorator) {
      this.steps = steps;
      this.random = new Random(seed);
      this.decorator = decorator;
      this.options = TestStores.busy(StoreMode.DURABLE, random);
      this.disk = new SimulatedDisk(random.nextLong());
      this.blobs = new HeldBlobs(random);
    }

    void run() {
      planCrash(300);
      open();
      for (Step step : steps) {
        try {
          if (step.kind() == Step.Kind.REOPEN) {
            store.close();
            open();
          } else {
            model.run(step, store);
            blobs.maybeHold(store, step.keyBytes());
          }
        } catch (SimulatedCrashException | StoreFailedException e) {
          assertTrue(disk.hasCrashed(), () -> "failed without a crash: " + e);
          restart(step);
        }
      }
      crash();
      SimulatedDisk forgetful = disk.afterCrash(Survival.ALL, random.nextLong());
      open();
      disk.crashAt(Long.MAX_VALUE);
      model.checkAll(store, disk, ROOT);
      blobs.releaseAll();
      store.close();
      StoreInvariants.checkClosed(store, disk, ROOT);
      assertTrue(disk.openHandles().isEmpty(), () -> "not closed: " + disk.openHandles());
      checkWithoutCheckpoint(forgetful);
    }

    /** A checkpoint is never the truth. */
    private void checkWithoutCheckpoint(SimulatedDisk image) {
      disk = image;
      try {
        image.delete(new StoreLayout(ROOT).checkpoint());
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      open();
      model.checkAll(store, disk, ROOT);
      store.close();
    }

    private void planCrash(int withinCalls) {
      if (random.nextInt(4) > 0) {
        disk.crashAt(disk.ioCalls() + 1 + random.nextInt(withinCalls));
      }
    }

    /** Opens the store, through crashes of recovery itself. */
    private void open() {
      for (; ; ) {
        try {
          store = BlobStore.open(ROOT, options, TestStores.inline(decorator.apply(disk)));
          return;
        } catch (SimulatedCrashException e) {
          crash();
        }
      }
    }

    private void restart(Step step) {
      try {
        store.close();
      } catch (SimulatedCrashException | StoreFailedException e) {
        // the power is off
      }
      crash();
      open();
      if (step.isWrite()) {
        adopt(step);
      }
      model.checkAll(store);
    }

    private void crash() {
      disk = disk.afterCrash(Survival.RANDOM, random.nextLong());
      planCrash(random.nextBoolean() ? 20 : 200);
    }

    /** The step that the crash cut short took place or did not. */
    private void adopt(Step step) {
      byte[] key = step.keyBytes();
      byte[] found = store.get(key);
      byte[] after = step.kind() == Step.Kind.DELETE ? null : step.value();
      if (Arrays.equals(found, after)) {
        model.adopt(key, after);
      }
    }
  }
}
