package dev.quarry.tool.demo;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * How many bytes reach the disk for each byte put: durable mode, values of 128 KiB, no overwrites,
 * from when the store is open until it is closed, so the checkpoint that closing writes is counted.
 * The reserve that a new store writes before, once, is not: it has nothing to do with the puts.
 *
 * @param writers threads that put
 * @param values how many were put
 * @param bytes of all values
 * @param opening what the system says was written until the store was open; 0 where it does not say
 * @param counted what the system says was written from then on; empty where it does not say
 * @param reported what the store says that it wrote for the puts
 * @param nanos how long the puts took
 */
record WriteRatio(
    int writers,
    int values,
    long bytes,
    long opening,
    OptionalLong counted,
    long reported,
    long nanos) {

  /** What is asked of the store: so many bytes written for each byte put, at most. */
  static final double BAR = 1.05;

  private static final int VALUE = 128 << 10;

  /**
   * Measures.
   *
   * @param directory of a store that does not exist yet
   * @param bytes about how many to put
   */
  static WriteRatio measure(Path directory, int writers, long bytes) throws InterruptedException {
    int each = (int) Math.max(1, bytes / VALUE / writers);
    long before = ProcessIo.bytesWritten().orElse(0);
    long opened;
    long reported;
    long nanos;
    try (BlobStore store = BlobStore.open(directory, BlobStoreOptions.durable())) {
      opened = ProcessIo.bytesWritten().orElse(0);
      long reportedBefore = store.stats().bytesWritten();
      long start = System.nanoTime();
      Thread[] threads =
          IntStream.range(0, writers)
              .mapToObj(writer -> new Thread(() -> put(store, writer, each)))
              .toArray(Thread[]::new);
      for (Thread thread : threads) {
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      nanos = System.nanoTime() - start;
      reported = store.stats().bytesWritten() - reportedBefore;
    }
    OptionalLong after = ProcessIo.bytesWritten();
    OptionalLong counted =
        after.isPresent() ? OptionalLong.of(after.getAsLong() - opened) : OptionalLong.empty();
    int values = writers * each;
    return new WriteRatio(
        writers, values, (long) values * VALUE, opened - before, counted, reported, nanos);
  }

  private static void put(BlobStore store, int writer, int count) {
    byte[] noise = new byte[VALUE];
    new Random(writer).nextBytes(noise);
    ByteBuffer value = ByteBuffer.allocateDirect(VALUE).put(noise).flip();
    for (int i = 0; i < count; i++) {
      value.putInt(0, i); // no two values are the same
      store.put(String.format("%d-%08d", writer, i).getBytes(StandardCharsets.US_ASCII), value);
    }
  }

  /** Whether the system's count, where there is one, is within the bar. */
  boolean isWithinBar() {
    return counted.isEmpty() || counted.getAsLong() <= BAR * bytes;
  }
}
