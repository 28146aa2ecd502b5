package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSystemDiskInterruptTest {

  @TempDir private Path directory;

  /** The kinds of call the next of which is cut short. */
  private final Set<String> toInterrupt = new HashSet<>();

  /** Interrupts its caller in the middle of a call. */
  private final class InterruptingChannel extends FilterFileChannel {

    InterruptingChannel(FileChannel channel) {
      super(channel);
    }

    private void interruptIn(String call) throws IOException {
      if (toInterrupt.remove(call)) {
        close();
        Thread.currentThread().interrupt();
        throw new ClosedByInterruptException();
      }
    }

    @Override
    public int read(ByteBuffer destination, long position) throws IOException {
      if (toInterrupt.contains("read")) {
        int half = destination.position() + destination.remaining() / 2;
        super.read(destination.duplicate().limit(half), position);
        destination.position(half);
        interruptIn("read");
      }
      return super.read(destination, position);
    }

    @Override
    public int write(ByteBuffer source, long position) throws IOException {
      int written = super.write(source, position);
      interruptIn("write");
      return written;
    }

    @Override
    public long size() throws IOException {
      interruptIn("size");
      return super.size();
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
      interruptIn("truncate");
      return super.truncate(size);
    }

    @Override
    public void force(boolean metadata) throws IOException {
      super.force(metadata);
      interruptIn("force");
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
      interruptIn("map");
      return super.map(mode, position, size);
    }
  }

  private final FileSystemDisk disk =
      new FileSystemDisk(
          (path, options) -> new InterruptingChannel(FileChannel.open(path, options)));

  @AfterEach
  void clearInterrupt() {
    Thread.interrupted();
  }

  private void interruptIn(String... calls) {
    Thread.interrupted();
    toInterrupt.addAll(List.of(calls));
  }

  private void assertInterrupted() {
    assertEquals(Set.of(), toInterrupt);
    assertTrue(Thread.currentThread().isInterrupted());
  }

  @Test
  void aChangeCutShortIsReportedAndCanBeRepeated() throws IOException {
    Path path = directory.resolve("a");
    try (DiskFile file = disk.create(path)) {
      ByteBuffer source = Blocks.of(1, 2);
      interruptIn("write");
      DiskInterruptedException e =
          assertThrows(DiskInterruptedException.class, () -> file.write(source, 0));
      assertInterrupted();
      assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
      assertEquals(0, source.position());
      file.write(source, 0);
      interruptIn("force");
      assertThrows(DiskInterruptedException.class, file::force);
      assertInterrupted();
      file.force();
      interruptIn("size", "truncate");
      assertThrows(DiskInterruptedException.class, () -> file.truncate(Disk.BLOCK));
      assertInterrupted();
      assertEquals("1 2", Blocks.values(disk, path));
      file.truncate(Disk.BLOCK);
    }
    assertEquals("1", Blocks.values(disk, path));
  }

  @Test
  void callsWithoutEffectsAreRepeatedUnseen() throws IOException {
    Path path = directory.resolve("a");
    Blocks.write(disk, path, 1, 2, 3);
    try (DiskFile file = disk.openForRead(path)) {
      interruptIn("read");
      ByteBuffer destination = ByteBuffer.allocate(6000);
      assertEquals(6000, file.read(destination, 4000));
      assertInterrupted();
      assertEquals(1, destination.get(95));
      assertEquals(2, destination.get(96));
      assertEquals(3, destination.get(5999));
      interruptIn("size");
      assertEquals(3 * Disk.BLOCK, file.size());
      assertInterrupted();
    }
    interruptIn("size", "map");
    disk.map(path, 0, 8).unmap();
    assertInterrupted();
    interruptIn("force");
    disk.syncDirectory(directory);
    assertInterrupted();
  }

  @Test
  void anotherFileOfTheNameIsNotWritten() throws IOException {
    Path path = directory.resolve("a");
    Path other = directory.resolve("b");
    Blocks.write(disk, other, 9);
    try (DiskFile file = disk.create(path)) {
      interruptIn("write");
      assertThrows(DiskInterruptedException.class, () -> file.write(Blocks.of(1), 0));
      Files.move(other, path, StandardCopyOption.ATOMIC_MOVE);
      IOException e = assertThrows(IOException.class, () -> file.write(Blocks.of(2), 0));
      assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
    }
    assertEquals("9", Blocks.values(disk, path));
  }

  /** Real interrupts, from another thread, wherever they hit. */
  @Test
  void aFileWrittenAndReadUnderInterruptsHoldsWhatWasWritten() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    Random random = new Random(seed);
    Thread writer = Thread.currentThread();
    AtomicBoolean done = new AtomicBoolean();
    Thread interrupter =
        new Thread(
            () -> {
              while (!done.get()) {
                LockSupport.parkNanos(50_000);
                writer.interrupt();
              }
            });
    int[] expected = new int[16];
    int cutShort = 0;
    try (DiskFile file = new FileSystemDisk().create(directory.resolve("a"))) {
      file.write(Blocks.of(expected), 0);
      ByteBuffer read = ByteBuffer.allocate(1);
      interrupter.start();
      for (int i = 0; i < 1_000 || cutShort < 10; i++) {
        int written = random.nextInt(expected.length);
        expected[written] = random.nextInt(128);
        ByteBuffer block = Blocks.of(expected[written]);
        cutShort += insistOn(() -> file.write(block, written * (long) Disk.BLOCK));
        if (i % 50 == 0) {
          cutShort += insistOn(file::force);
        }
        int looked = random.nextInt(expected.length);
        file.read(read.clear(), looked * (long) Disk.BLOCK);
        assertEquals(expected[looked], read.get(0), "seed " + seed);
      }
    } finally {
      done.set(true);
      while (interrupter.isAlive()) {
        Thread.onSpinWait();
      }
    }
  }

  private interface Change {
    void run() throws IOException;
  }

  /** Repeats a change until no interrupt cuts it short; returns how often one did. */
  private static int insistOn(Change change) throws IOException {
    for (int cutShort = 0; ; cutShort++) {
      try {
        change.run();
        return cutShort;
      } catch (DiskInterruptedException e) {
        assertTrue(Thread.interrupted());
      }
    }
  }
}
