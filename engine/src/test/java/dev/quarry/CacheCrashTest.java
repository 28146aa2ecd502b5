package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.KeyHash;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/**
 * A cache on the simulated disk, with the power failing at random I/O calls, while it evicts,
 * compacts and writes checkpoints all the time. It may lose what was not synced, but what it has
 * afterwards is whole, and no older than the last sync.
 */
class CacheCrashTest {

  private static final Path ROOT = Path.of("/cache");

  @Property(tries = 400)
  void whatSurvivesACrashIsWholeAndNoOlderThanTheLastSync(
      @ForAll("histories") List<Step> steps, @ForAll long seed) {
    new History(steps, seed).run();
  }

  @Provide
  Arbitrary<List<Step>> histories() {
    return Step.any()
        .filter(step -> step.kind() != Step.Kind.KEYS && step.kind() != Step.Kind.VIEW)
        .list()
        .ofMaxSize(150);
  }

  /** What a key was given, the oldest first; null is a deletion. */
  private static final class Versions {

    private static final int NONE = -1;

    final int key;
    final List<byte @Nullable []> all = new ArrayList<>(Collections.singletonList(null));

    /** What a crash must not go back behind: the newest version at the last sync. */
    int oldest;

    /** What a key that is there has; none if a crash took it, or it was evicted. */
    int present;

    /** Whether it was evicted since it was last there. */
    boolean evicted;

    Versions(int key) {
      this.key = key;
    }

    void add(byte @Nullable [] value) {
      all.add(value);
      present = all.size() - 1;
    }

    /** Until a crash, a key has its newest value, or none: once evicted, it does not come back. */
    void check(BlobStore store) {
      byte[] found = store.get(Step.keyBytes(key));
      if (found == null) {
        assertTrue(
            evicted || present == NONE || all.get(present) == null,
            () -> "key " + key + " is gone and was not evicted");
        present = NONE;
      } else {
        assertTrue(present != NONE, () -> "key " + key + " came back by itself");
        assertArrayEquals(all.get(present), found, () -> "not the newest value of key " + key);
        evicted = false;
      }
    }

    /** What a crash took, or eviction, is not durable by being written before. */
    void settle() {
      if (present != NONE) {
        oldest = all.size() - 1;
      }
    }

    /** What is there after a crash is durable; what is not may be lost, or behind what is lost. */
    void restart(BlobStore store) {
      byte[] found = store.get(Step.keyBytes(key));
      if (found == null) {
        assertTrue(evicted || !isDurable(), () -> "key " + key + " was synced, and is gone");
        present = NONE;
      } else {
        present = newestLike(found);
        oldest = present;
        all.subList(present + 1, all.size()).clear();
        evicted = false;
      }
    }

    private boolean isDurable() {
      return present != NONE && oldest == all.size() - 1 && all.get(oldest) != null;
    }

    private int newestLike(byte[] found) {
      for (int i = all.size() - 1; i >= oldest; i--) {
        if (Arrays.equals(all.get(i), found)) {
          return i;
        }
      }
      throw new AssertionError(
          "key " + key + " has a value from before the last sync, or none of its");
    }
  }

  static final class History {

    private final List<Step> steps;
    private final Random random;
    private final BlobStoreOptions options;
    private final List<Versions> keys = new ArrayList<>();
    private final Map<Long, Versions> byHash = new HashMap<>();
    private final HeldBlobs blobs;

    private SimulatedDisk disk;
    private BlobStore store;

    History(List<Step> steps, long seed) {
      this.steps = steps;
      this.random = new Random(seed);
      this.options = TestStores.busy(StoreMode.CACHE, random);
      this.disk = new SimulatedDisk(random.nextLong());
      this.blobs = new HeldBlobs(random);
      for (int key = 0; key < Step.KEYS; key++) {
        keys.add(new Versions(key));
      }
    }

    void run() {
      planCrash();
      open();
      for (Step step : steps) {
        try {
          run(step, keys.get(step.key()));
          blobs.maybeHold(store, step.keyBytes());
        } catch (SimulatedCrashException | StoreFailedException e) {
          assertTrue(disk.hasCrashed(), () -> "failed without a crash: " + e);
          restart();
        }
      }
      restart();
      disk.crashAt(Long.MAX_VALUE);
      blobs.releaseAll();
      store.close();
      StoreInvariants.checkClosed(store, disk, ROOT);
      assertTrue(disk.openHandles().isEmpty(), () -> "not closed: " + disk.openHandles());
    }

    private void run(Step step, Versions versions) {
      switch (step.kind()) {
        case REOPEN -> {
          store.close();
          keys.forEach(Versions::settle);
          open();
          keys.forEach(key -> key.check(store));
        }
        case SYNC -> {
          store.sync();
          keys.forEach(Versions::settle);
          keys.forEach(key -> key.check(store));
        }
        case PUT, PUT_BUFFER -> put(step, versions);
        case DELETE -> {
          versions.check(store);
          if (versions.present != Versions.NONE) {
            versions.add(null);
            store.delete(step.keyBytes());
          }
          versions.check(store);
        }
        default -> versions.check(store);
      }
    }

    private void put(Step step, Versions versions) {
      versions.add(step.value());
      try {
        store.put(step.keyBytes(), step.value());
      } catch (StoreFullException e) {
        blobs.releaseAll(); // they keep files, whose room is wanted
        store.put(step.keyBytes(), step.value());
      }
      versions.evicted = false;
      versions.check(store);
      assertTrue(versions.present != Versions.NONE, "what was just put is gone");
    }

    private void restart() {
      try {
        store.close();
      } catch (SimulatedCrashException | StoreFailedException e) {
        // the power is off
      }
      crash();
      SimulatedDisk forgetful = disk.afterCrash(Survival.ALL, random.nextLong());
      open();
      keys.forEach(key -> key.restart(store));
      StoreInvariants.check(store, disk, ROOT);
      compareWithoutCheckpoint(forgetful);
    }

    /**
     * Without the checkpoint, a key may come back, or go: a covered segment holds a value that was
     * replaced by one that did not reach the disk. What both have is the same.
     */
    private void compareWithoutCheckpoint(SimulatedDisk image) {
      try {
        image.delete(new StoreLayout(ROOT).checkpoint());
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      try (BlobStore other = BlobStore.open(ROOT, options, TestStores.inline(image))) {
        for (Versions key : keys) {
          byte[] found = other.get(Step.keyBytes(key.key));
          if (found != null && key.present != Versions.NONE) {
            assertArrayEquals(key.all.get(key.present), found, () -> "another value of " + key.key);
          } else if (found != null) {
            assertTrue(key.newestLike(found) >= key.oldest);
          }
        }
        StoreInvariants.check(other, image, ROOT);
      }
    }

    private void open() {
      for (; ; ) {
        try {
          Environment inline = TestStores.inline(disk);
          store =
              BlobStore.open(
                  ROOT,
                  options,
                  new Environment(disk, this::hasher, inline.background(), this::evicted));
          return;
        } catch (SimulatedCrashException e) {
          crash();
        }
      }
    }

    private KeyHash hasher(long seed) {
      KeyHash hash = new Xxh3KeyHash(seed);
      byHash.clear();
      for (Versions versions : keys) {
        long[] halves = new long[2];
        hash.hash(Step.keyBytes(versions.key), halves);
        byHash.put(halves[0], versions);
      }
      return hash;
    }

    private void evicted(long low, long high) {
      Objects.requireNonNull(byHash.get(low)).evicted = true;
    }

    private void crash() {
      disk = disk.afterCrash(Survival.RANDOM, random.nextLong());
      planCrash();
    }

    private void planCrash() {
      if (random.nextInt(4) > 0) {
        disk.crashAt(disk.ioCalls() + 1 + random.nextInt(random.nextBoolean() ? 60 : 250));
      }
    }
  }
}
