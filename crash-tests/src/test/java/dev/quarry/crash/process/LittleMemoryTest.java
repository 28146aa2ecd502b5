package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreFailedException;
import dev.quarry.StoreInvariants;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Processes that really run out of memory outside the heap. */
class LittleMemoryTest {

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void directMemoryThatIsUsedUpCostsNoMoreThanTheOperationsItHits(StoreMode mode) throws Exception {
    attack(FullDirectMemory.class, "-XX:MaxDirectMemorySize=4m", mode);
  }

  private void attack(Class<?> child, String option, StoreMode mode) throws Exception {
    List<String> held =
        ChildJvm.of(child).options(option).withoutLog().run(directory.toString(), mode.name());
    Tracked tracked = Tracked.of(held.subList(1, held.size()));
    System.out.println(child.getSimpleName() + ", " + mode + ": " + held.get(0));
    try (BlobStore store = BlobStore.open(directory, TestStores.small(mode))) {
      if (mode == StoreMode.DURABLE || held.get(0).endsWith("alive")) {
        tracked.check(store, "reopened");
      }
      StoreInvariants.check(store);
    }
  }

  /** Uses a store until memory ran out often enough, or the store failed. */
  private static final class Victim {

    /** Few: the JVM takes half a second to find out that there is no memory. */
    private static final int OPERATIONS = 12;

    private static final int MORE = 100;

    private final Tracked tracked = new Tracked(6);
    private final BlobStoreOptions options;
    private final Path root;
    private int shortages;

    Victim(String[] arguments) {
      this.root = Path.of(arguments[0]);
      this.options = TestStores.small(StoreMode.valueOf(arguments[1]));
    }

    /** One operation after the other while there is little memory, and more when there is. */
    void run(Runnable takeMemory, Runnable giveBack) {
      String end = "alive";
      try (BlobStore store = BlobStore.open(root, options)) {
        takeMemory.run();
        for (int i = 0; i < OPERATIONS; i++) {
          note(tracked.step(store));
        }
        giveBack.run();
        if (store.stats().failure() != null) {
          end = "failed";
        } else {
          tracked.check(store, "with enough again");
          for (int i = 0; i < MORE; i++) {
            assertNull(tracked.step(store));
          }
          tracked.check(store, "used again");
        }
      } catch (StoreFailedException e) {
        end = "failed";
      }
      assertTrue(shortages > 0, "memory ran out");
      System.out.println(shortages + " times out of memory, " + end);
      tracked.toLines().forEach(System.out::println);
    }

    private void note(Throwable failure) {
      if (failure instanceof OutOfMemoryError) {
        shortages++;
      } else {
        assertTrue(
            failure == null || failure instanceof StoreFailedException,
            () -> String.valueOf(failure));
      }
    }
  }

  static final class FullDirectMemory {

    private static final List<ByteBuffer> HOARD = new ArrayList<>();

    private FullDirectMemory() {}

    public static void main(String[] arguments) {
      new Victim(arguments).run(FullDirectMemory::takeAll, HOARD::clear);
    }

    private static void takeAll() {
      for (int piece = 64 << 10; piece >= 16 << 10; piece /= 2) {
        try {
          while (true) {
            HOARD.add(ByteBuffer.allocateDirect(piece));
          }
        } catch (OutOfMemoryError e) {
          // now smaller ones
        }
      }
    }
  }
}
