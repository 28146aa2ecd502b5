package dev.quarry.benchmarks;

import dev.quarry.Blob;
import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.BlobStoreOptions.Verification;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Warm random reads: of values that lie in segment files and in the page cache, by keys in random
 * order. The store is reopened after it is filled, so that no value is left in a slab.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class GetBenchmark {

  private static final long DATA_BYTES = 256 << 20;
  private static final int MOST_KEYS = 100_000;
  private static final int PAGE = 4096;

  /** Bytes of a value. */
  @Param({"1024", "16384", "131072"})
  public int valueBytes;

  /** When checksums are compared. */
  @Param({"ALWAYS", "FIRST_READ"})
  public Verification verification;

  private Path directory;
  private BlobStore store;
  private byte[][] keys;
  private byte[][] absentKeys;

  /** Makes a store and brings all of it into the page cache. */
  @Setup(Level.Trial)
  public void fill() throws IOException {
    directory = Files.createTempDirectory("quarry-benchmark-");
    BlobStoreOptions options =
        BlobStoreOptions.cache(1L << 40).toBuilder().verification(verification).build();
    keys = new byte[(int) Math.min(MOST_KEYS, DATA_BYTES / valueBytes)][];
    absentKeys = new byte[keys.length][];
    byte[] value = new byte[valueBytes];
    new Random(1).nextBytes(value);
    try (BlobStore filled = BlobStore.open(directory, options)) {
      for (int i = 0; i < keys.length; i++) {
        keys[i] = String.format("key-%012d", i).getBytes(StandardCharsets.US_ASCII);
        absentKeys[i] = String.format("not-%012d", i).getBytes(StandardCharsets.US_ASCII);
        filled.put(keys[i], value);
      }
    }
    store = BlobStore.open(directory, options);
    for (byte[] key : keys) {
      store.get(key);
    }
  }

  /** Removes the store. */
  @TearDown(Level.Trial)
  public void remove() throws IOException {
    store.close();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** What one thread needs for itself. */
  @State(Scope.Thread)
  public static class Reader {

    private long state = System.nanoTime() | 1;
    private ByteBuffer destination;

    /** Makes room for a value. */
    @Setup(Level.Trial)
    public void allocate(GetBenchmark benchmark) {
      destination = ByteBuffer.allocateDirect(benchmark.valueBytes);
    }

    /** One of some keys, by an xorshift (Marsaglia, 2003), which costs next to nothing. */
    private byte[] pick(byte[][] keys) {
      state ^= state << 13;
      state ^= state >>> 7;
      state ^= state << 17;
      return keys[(int) ((state >>> 33) % keys.length)];
    }
  }

  /** A copy in a new array. */
  @Benchmark
  public byte @Nullable [] get(Reader reader) {
    return store.get(reader.pick(keys));
  }

  /** A copy in a buffer that is there. */
  @Benchmark
  public int getIntoBuffer(Reader reader) {
    return store.get(reader.pick(keys), reader.destination.clear());
  }

  /** No copy; one byte of each page is looked at. */
  @Benchmark
  public int view(Reader reader) {
    int sum = 0;
    try (Blob blob = store.view(reader.pick(keys))) {
      ByteBuffer buffer = blob.buffer();
      for (int at = 0; at < buffer.limit(); at += PAGE) {
        sum += buffer.get(at);
      }
    }
    return sum;
  }

  /** A key that is not there. */
  @Benchmark
  public boolean miss(Reader reader) {
    return store.contains(reader.pick(absentKeys));
  }
}
