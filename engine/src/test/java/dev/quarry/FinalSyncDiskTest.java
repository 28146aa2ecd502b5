package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A directory whose sync failed is not synced again, whoever asks. */
class FinalSyncDiskTest {

  private static final Path LOGS = new StoreLayout(ROOT).logs();

  private final SimulatedDisk disk = new SimulatedDisk(1);

  /** Lets the first sync of a directory fail. */
  private Disk failingOnce(IOException failure) {
    AtomicBoolean failed = new AtomicBoolean();
    return new FaultyDisk(
        disk,
        (operation, path) ->
            operation == Operation.SYNC_DIRECTORY && failed.compareAndSet(false, true)
                ? failure
                : null);
  }

  @Test
  void aSyncThatFailedIsNotTriedAgain() throws IOException {
    IOException failure = new IOException("the disk is broken");
    Disk once = new FinalSyncDisk(failingOnce(failure));
    Path broken = Path.of("/a");
    Path other = Path.of("/b");
    disk.createDirectories(broken);
    disk.createDirectories(other);
    assertThrows(IOException.class, () -> once.syncDirectory(broken));
    once.syncDirectory(other);
    long calls = disk.ioCalls();
    IOException e = assertThrows(IOException.class, () -> once.syncDirectory(broken));
    assertEquals("cannot sync /a, as that failed before", e.getMessage());
    assertSame(failure, e.getCause());
    assertEquals(calls, disk.ioCalls());
  }

  @Test
  void aSyncThatAnInterruptCutShortIsTriedAgain() throws IOException {
    Disk once = new FinalSyncDisk(failingOnce(new DiskInterruptedException("cut", new Error())));
    Path directory = Path.of("/a");
    disk.createDirectories(directory);
    assertThrows(DiskInterruptedException.class, () -> once.syncDirectory(directory));
    once.syncDirectory(directory);
  }

  /**
   * A writer begins a log while the flusher's sync of the logs' directory fails, which the flusher
   * tells of too late.
   */
  @Test
  @Timeout(120)
  void aLogWhoseNameWasLostInAnotherThreadsSyncAcknowledgesNothing() throws Exception {
    BlobStoreOptions options = TestStores.small(StoreMode.DURABLE).toBuilder().slabs(4).build();
    SlowToFail slow = new SlowToFail();
    BlobStore store = BlobStore.open(ROOT, options, TestStores.threaded(slow));
    AtomicInteger acknowledged = new AtomicInteger();
    slow.writer =
        new Thread(
            () -> {
              try {
                while (slow.failed.getCount() > 0) {
                  store.put(key(acknowledged.get()), value(acknowledged.get(), 20_000));
                  if (acknowledged.incrementAndGet() == 4) { // the first log is full
                    SlowToFail.await(slow.flusherArrived);
                  }
                }
              } catch (StoreFailedException e) {
                // as it should be
              }
            });
    slow.writer.start();
    slow.writer.join();
    assertThrows(StoreFailedException.class, store::close);
    SimulatedDisk crashed = disk.afterCrash(Survival.NONE, 1);
    try (BlobStore reopened = BlobStore.open(ROOT, options, TestStores.inline(crashed))) {
      StoreFixture.assertAll(reopened, 0, acknowledged.get(), 20_000);
    }
  }

  /**
   * Has the flusher's sync of the logs' directory fail when the writer is about to sync it, too.
   */
  private final class SlowToFail extends ForwardingDisk {

    private final CountDownLatch flusherArrived = new CountDownLatch(1);
    private final CountDownLatch writerArrived = new CountDownLatch(1);
    private final CountDownLatch failed = new CountDownLatch(1);
    private volatile Thread writer;

    SlowToFail() {
      super(disk);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
      if (writer == null || !directory.equals(LOGS)) {
        super.syncDirectory(directory);
      } else if (Thread.currentThread() != writer) {
        flusherArrived.countDown();
        awaitWriter(() -> writerArrived.getCount() == 0);
        disk.failAfter(1, () -> new IOException("the disk is broken"));
        try {
          super.syncDirectory(directory);
        } finally {
          failed.countDown();
          awaitWriter(() -> !writer.isAlive());
        }
      } else {
        if (flusherArrived.getCount() == 0) {
          writerArrived.countDown();
          await(failed);
        }
        super.syncDirectory(directory);
      }
    }

    /** Until it has come somewhere, or is held up before this disk. */
    private void awaitWriter(BooleanSupplier there) {
      while (!there.getAsBoolean() && writer.getState() != Thread.State.BLOCKED) {
        Thread.onSpinWait();
      }
    }

    private static void await(CountDownLatch latch) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }
}
