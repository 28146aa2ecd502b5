package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.ResourceExhaustedException;
import dev.quarry.StoreInvariants;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Processes that really run out of memory outside the heap. */
@Tag("slow")
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
      tracked.check(store, "reopened");
      StoreInvariants.check(store);
    }
  }

  /** Uses a store while memory runs out, and afterwards. */
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
      try (BlobStore store = BlobStore.open(root, options)) {
        takeMemory.run();
        for (int i = 0; i < OPERATIONS; i++) {
          note(tracked.step(store));
        }
        giveBack.run();
        assertNull(store.stats().failure(), "a lack of memory is no failure");
        tracked.check(store, "with enough again");
        for (int i = 0; i < MORE; i++) {
          assertNull(tracked.step(store));
        }
        tracked.check(store, "used again");
      }
      assertTrue(shortages > 0, "memory ran out");
      System.out.println(shortages + " times out of memory");
      tracked.toLines().forEach(System.out::println);
    }

    private void note(Throwable failure) {
      if (failure instanceof ResourceExhaustedException) {
        shortages++;
      } else {
        assertNull(failure);
      }
    }
  }

  static final class FullDirectMemory {

    private static final List<ByteBuffer> HOARD = new ArrayList<>();

    private FullDirectMemory() {}

    public static void main(String[] arguments) {
      new Victim(arguments).run(FullDirectMemory::takeAll, FullDirectMemory::giveBack);
    }

    private static void giveBack() {
      HOARD.clear();
      DirectMemoryFigures.awaitCollected(3 << 20);
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
