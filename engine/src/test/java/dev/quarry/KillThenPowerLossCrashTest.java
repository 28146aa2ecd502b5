package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A process is killed, the store is opened again, and then the power fails. What the second process
 * found was written by the first, but perhaps never synced; once it has been seen it must stay.
 */
class KillThenPowerLossCrashTest {

  private static final Path ROOT = Path.of("/home/store");

  private static final byte[] EXTRA = {1, 2, 3, 4, 5};

  @Property(tries = 300)
  void whatWasSeenAfterAKillSurvivesThePowerLossThatFollows(
      @ForAll("histories") List<Step> steps, @ForAll StoreMode mode, @ForAll long seed)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    long calls = runUntilKilled(new SimulatedDisk(seed), steps, mode, Long.MAX_VALUE);
    check(steps, mode, random.nextLong(calls), seed);
  }

  @ParameterizedTest
  @EnumSource(StoreMode.class)
  void everyCallThatMakesAStoreMayBeTheLast(StoreMode mode) throws IOException {
    List<Step> steps = List.of(new Step(Step.Kind.PUT, 1, 100, 1));
    long calls = runUntilKilled(new SimulatedDisk(1), steps, mode, Long.MAX_VALUE);
    for (long call = 0; call <= calls; call++) {
      for (long seed = 0; seed < 20; seed++) {
        check(steps, mode, call, seed);
      }
    }
  }

  /** There is no log then whose promotion would sync the directory. */
  @Test
  void aLargeValueThatWasSeenStaysWhicheverCallWasTheLast() throws IOException {
    List<Step> steps = List.of(new Step(Step.Kind.PUT, 1, 140_000, 1));
    long calls = runUntilKilled(new SimulatedDisk(1), steps, StoreMode.DURABLE, Long.MAX_VALUE);
    for (long call = 0; call <= calls; call++) {
      for (long seed = 0; seed < 5; seed++) {
        check(steps, StoreMode.DURABLE, call, seed);
      }
    }
  }

  private static void check(List<Step> steps, StoreMode mode, long callsToLive, long seed)
      throws IOException {
    SimulatedDisk disk = new SimulatedDisk(seed);
    runUntilKilled(disk, steps, mode, callsToLive);
    byte[][] seen = look(disk, mode);
    byte[][] found = look(disk.afterCrash(Survival.RANDOM, seed), mode);
    assertNotNull(
        found[Step.KEYS], () -> "lost a put, killed at " + callsToLive + ", seed " + seed);
    for (int key = 0; key < Step.KEYS; key++) {
      assertArrayEquals(seen[key], found[key], "key " + key);
    }
  }

  @Provide
  Arbitrary<List<Step>> histories() {
    return Step.any().filter(Step::isWrite).list().ofMinSize(10).ofMaxSize(25);
  }

  /** Returns how many calls the process made; it never closes its store. */
  private static long runUntilKilled(
      SimulatedDisk disk, List<Step> steps, StoreMode mode, long callsToLive) throws IOException {
    KillableDisk process = new KillableDisk(disk, callsToLive);
    StoreModel model = new StoreModel();
    try {
      BlobStore store = BlobStore.open(ROOT, TestStores.small(mode), TestStores.inline(process));
      steps.forEach(step -> model.run(step, store));
    } catch (KillableDisk.KilledError | StoreFailedException e) {
      // the process is dead
    }
    process.reap();
    return process.calls();
  }

  /** Every value, as another process sees it, which puts one more, syncs, and is killed. */
  private static byte[][] look(SimulatedDisk disk, StoreMode mode) throws IOException {
    KillableDisk process = new KillableDisk(disk, Long.MAX_VALUE);
    BlobStore store = BlobStore.open(ROOT, TestStores.small(mode), TestStores.inline(process));
    byte[][] values = new byte[Step.KEYS + 1][];
    for (int key = 0; key < Step.KEYS; key++) {
      values[key] = store.get(Step.keyBytes(key));
    }
    values[Step.KEYS] = store.get(EXTRA);
    store.put(EXTRA, EXTRA);
    store.sync();
    process.reap();
    return values;
  }
}
