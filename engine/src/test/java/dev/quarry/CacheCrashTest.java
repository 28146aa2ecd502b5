package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/**
 * A cache on the simulated disk, with the power failing at random I/O calls. It may lose what was
 * not synced, but what it has afterwards is whole, and no older than the last sync.
 */
class CacheCrashTest {

  private static final Path ROOT = Path.of("/cache");
  private static final BlobStoreOptions OPTIONS = TestStores.small(StoreMode.CACHE);

  @Property(tries = 150)
  void whatSurvivesACrashIsWholeAndNoOlderThanTheLastSync(
      @ForAll("histories") List<Step> steps, @ForAll long seed) {
    new History(steps, seed).run();
  }

  @Provide
  Arbitrary<List<Step>> histories() {
    return Step.any()
        .filter(step -> step.kind() != Step.Kind.KEYS)
        .list()
        .ofMinSize(1)
        .ofMaxSize(80);
  }

  private static final class History {

    private final List<Step> steps;
    private final Random random;

    /** By key: every state since the last sync, that at the sync included; null is absence. */
    private final List<Set<@Nullable ByteBuffer>> states;

    private SimulatedDisk disk;
    private BlobStore store;

    History(List<Step> steps, long seed) {
      this.steps = steps;
      this.random = new Random(seed);
      this.disk = new SimulatedDisk(random.nextLong());
      this.states = new ArrayList<>();
      for (int key = 0; key < Step.KEYS; key++) {
        states.add(new HashSet<>(Arrays.asList((ByteBuffer) null)));
      }
    }

    void run() {
      planCrash();
      open();
      for (Step step : steps) {
        try {
          run(step);
        } catch (SimulatedCrashException | StoreFailedException e) {
          assertTrue(disk.hasCrashed(), () -> "failed without a crash: " + e);
          restart();
        }
      }
      restart();
      store.close();
      assertTrue(disk.openHandles().isEmpty(), () -> "not closed: " + disk.openHandles());
    }

    private void run(Step step) {
      switch (step.kind()) {
        case REOPEN -> {
          store.close();
          open();
          settle();
        }
        case SYNC -> {
          store.sync();
          settle();
        }
        case PUT, PUT_BUFFER -> {
          states.get(step.key()).add(ByteBuffer.wrap(step.value()));
          store.put(step.keyBytes(), step.value());
        }
        case DELETE -> {
          states.get(step.key()).add(null);
          store.delete(step.keyBytes());
        }
        default -> check(step.key());
      }
    }

    /** Everything until now is on stable storage: the present states are all there can be. */
    private void settle() {
      for (int key = 0; key < Step.KEYS; key++) {
        check(key);
        states.set(key, new HashSet<>(Arrays.asList(present(key))));
      }
    }

    private @Nullable ByteBuffer present(int key) {
      byte[] value = store.get(Step.keyBytes(key));
      return value == null ? null : ByteBuffer.wrap(value);
    }

    private void check(int key) {
      assertTrue(
          states.get(key).contains(present(key)),
          () -> "key " + key + " has a value it never had since the last sync");
    }

    private void restart() {
      try {
        store.close();
      } catch (SimulatedCrashException | StoreFailedException e) {
        // the power is off
      }
      crash();
      open();
      settle();
      StoreInvariants.check(store);
    }

    private void open() {
      for (; ; ) {
        try {
          store = BlobStore.open(ROOT, OPTIONS, TestStores.inline(disk));
          return;
        } catch (SimulatedCrashException e) {
          crash();
        }
      }
    }

    private void crash() {
      disk = disk.afterCrash(Survival.RANDOM, random.nextLong());
      planCrash();
    }

    private void planCrash() {
      if (random.nextInt(4) > 0) {
        disk.crashAt(disk.ioCalls() + 1 + random.nextInt(60));
      }
    }
  }
}
