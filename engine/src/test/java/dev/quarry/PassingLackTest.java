package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskShortageException;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What lacks for a while keeps from being done what needs it, and changes nothing else. */
class PassingLackTest {

  private static final Path LOGS = new StoreLayout(ROOT).logs();
  private static final Path SEGMENTS = new StoreLayout(ROOT).segments();

  private final SimulatedDisk disk = new SimulatedDisk(1);

  /** What lacks; null if nothing does. */
  private volatile @Nullable Operation lacking;

  /** Below which path; any if this is null. */
  private volatile @Nullable Path where;

  private final Disk shortOfIt = new FaultyDisk(disk, this::fault);

  private @Nullable IOException fault(Operation operation, Path path) {
    Path below = where;
    boolean lacks = operation == lacking && (below == null || path.startsWith(below));
    return lacks ? new DiskShortageException("cannot open " + path + ": none left") : null;
  }

  private void lack(Operation operation, @Nullable Path below) {
    where = below;
    lacking = operation;
  }

  private BlobStore open(StoreMode mode) {
    return StoreFixture.open(shortOfIt, StoreFixture.options(mode));
  }

  @Test
  void aPutWhoseLogCannotBeCreatedIsRefusedAndTheNextOneIsTaken() {
    BlobStore store = open(StoreMode.DURABLE);
    lack(Operation.CREATE, LOGS);
    assertThrows(ResourceExhaustedException.class, () -> store.put(key(1), value(1, 100)));
    assertNull(store.get(key(1)));
    lacking = null;
    store.put(key(2), value(2, 100));
    assertOnlyTheSecond(store);
  }

  @Test
  void aPutWhoseLogCannotBeListedIsRefusedAndNeverComesBack() {
    BlobStore store = open(StoreMode.DURABLE);
    lack(Operation.SYNC_DIRECTORY, LOGS);
    assertThrows(ResourceExhaustedException.class, () -> store.put(key(1), value(1, 100)));
    for (Survival survival : Survival.values()) {
      try (BlobStore after =
          StoreFixture.open(disk.afterCrash(survival, 3), StoreFixture.DURABLE)) {
        assertNull(after.get(key(1)));
      }
    }
    lacking = null;
    store.put(key(2), value(2, 100));
    assertOnlyTheSecond(store);
  }

  private void assertOnlyTheSecond(BlobStore store) {
    assertNull(store.stats().failure());
    try (BlobStore after =
        StoreFixture.open(disk.afterCrash(Survival.NONE, 3), StoreFixture.DURABLE)) {
      assertNull(after.get(key(1)));
      assertArrayEquals(value(2, 100), after.get(key(2)));
    }
    store.close();
  }

  @ParameterizedTest
  @EnumSource
  void aSegmentThatCannotBeMappedStaysInMemoryAndIsMappedLater(StoreMode mode) {
    BlobStore store = open(mode);
    lack(Operation.MAP, SEGMENTS);
    int put = putUntilRefused(store);
    String lack = store.stats().lack();
    assertNotNull(lack);
    assertTrue(lack.contains("none left"), lack);
    StoreFixture.assertAll(store, 0, put, 10_000);
    lacking = null;
    StoreFixture.putAll(store, put, put + 20, 10_000);
    store.sync();
    assertNull(store.stats().lack());
    assertNull(store.stats().failure());
    StoreFixture.assertAll(store, 0, put + 20, 10_000);
    store.close();
    assertEquals(List.of(), disk.openHandles());
  }

  @ParameterizedTest
  @EnumSource
  void writersAreRefusedAndDoNotWaitWhileNoSlabCanBeFlushed(StoreMode mode) {
    BlobStore store = open(mode);
    lack(Operation.RENAME, null);
    int put = putUntilRefused(store);
    for (int i = 0; i < 3; i++) {
      assertThrows(ResourceExhaustedException.class, () -> store.put(key(put), value(1, 40_000)));
    }
    StoreFixture.assertAll(store, 0, put, 10_000);
    lacking = null;
    StoreFixture.putAll(store, put, put + 20, 10_000);
    StoreFixture.assertAll(store, 0, put + 20, 10_000);
    store.close();
    try (BlobStore reopened = open(mode)) {
      StoreFixture.assertAll(reopened, 0, put + 20, 10_000);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aLargeValueThatIsDurableIsNotRefusedForALackOfMemoryAfterwards(StoreMode mode) {
    AtomicBoolean exhausted = new AtomicBoolean();
    Environment environment =
        new Environment(
            disk,
            Xxh3KeyHash::new,
            () ->
                new ManualExecutor() {
                  {
                    runFromNowOn();
                  }

                  @Override
                  public void execute(Runnable task) {
                    if (exhausted.get()) {
                      throw new OutOfMemoryError("unable to create native thread");
                    }
                    super.execute(task);
                  }
                });
    try (BlobStore store = BlobStore.open(ROOT, StoreFixture.options(mode), environment)) {
      exhausted.set(true);
      store.put(key(1), value(1, 200_000));
      assertArrayEquals(value(1, 200_000), store.get(key(1)));
      assertEquals(1, store.stats().puts());
      exhausted.set(false);
    }
  }

  @Test
  void aLogThatMeetsALackWhenItIsClosedBecomesASegmentAllTheSame() {
    AtomicBoolean lacks = new AtomicBoolean(true);
    Disk closing =
        new ForwardingDisk(disk) {
          @Override
          public DiskFile create(Path path) throws IOException {
            return new ForwardingFile(super.create(path)) {
              @Override
              public void close() throws IOException {
                super.close();
                if (path.toString().endsWith(".wal") && lacks.getAndSet(false)) {
                  throw new DiskShortageException("cannot close " + path);
                }
              }
            };
          }
        };
    try (BlobStore store = StoreFixture.open(closing, StoreFixture.DURABLE)) {
      StoreFixture.putAll(store, 0, 40, 10_000);
      assertFalse(lacks.get(), "a log was closed");
      StoreFixture.assertAll(store, 0, 40, 10_000);
      assertNull(store.stats().failure());
    }
    try (BlobStore store = StoreFixture.open(disk, StoreFixture.DURABLE)) {
      StoreFixture.assertAll(store, 0, 40, 10_000);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aStoreThatIsClosedWhileSomethingLacksGivesEverythingBack(StoreMode mode) {
    BlobStore store = open(mode);
    StoreFixture.putAll(store, 0, 5, 10_000);
    lack(Operation.RENAME, null);
    if (mode == StoreMode.CACHE) {
      assertThrows(ResourceExhaustedException.class, store::close);
    } else {
      store.close();
    }
    assertEquals(List.of(), disk.openHandles());
    lacking = null;
    try (BlobStore reopened = open(mode)) {
      if (mode == StoreMode.DURABLE) {
        StoreFixture.assertAll(reopened, 0, 5, 10_000);
      }
    }
  }

  private static int putUntilRefused(BlobStore store) {
    for (int i = 0; ; i++) {
      try {
        store.put(key(i), value(i, 10_000));
      } catch (ResourceExhaustedException e) {
        return i;
      }
    }
  }
}
