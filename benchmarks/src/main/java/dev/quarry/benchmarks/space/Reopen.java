package dev.quarry.benchmarks.space;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.benchmarks.measure.ChildJvm;
import dev.quarry.benchmarks.measure.Report;
import dev.quarry.benchmarks.measure.ScratchDirectory;
import dev.quarry.benchmarks.measure.Values;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/** One run of {@link ReopenCommand}. */
final class Reopen {

  static final int LEAST_KEYS = 1_000;

  private static final int CHECKPOINTS = 10;
  private static final int WRITERS = 64;
  private static final int ROUNDS = 3;
  private static final int NANOS_PER_MICRO = 1_000;

  private final Path directory;
  private final int keys;
  private final int valueBytes;

  Reopen(Path directory, int keys, int valueBytes) {
    this.directory = directory;
    this.keys = keys;
    this.valueBytes = valueBytes;
  }

  /** What the opening of a copy took, and what was in it. */
  private record Opened(double millis, long found, long digest) {}

  Report run() throws IOException {
    Path killed = directory.resolve("killed");
    final String checkpoints =
        ChildJvm.run(
            Reopen.class,
            "fill",
            killed.toString(),
            Integer.toString(keys),
            Integer.toString(valueBytes));
    List<Opened> with = new ArrayList<>();
    List<Opened> without = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      with.add(open(killed, true));
      without.add(open(killed, false));
    }
    Report report = new Report().put("keys", keys).put("valueBytes", valueBytes);
    report.put("storeBytes", ScratchDirectory.bytes(killed));
    boolean checkpoint = Files.exists(checkpoint(killed));
    report.put("checkpointBytes", checkpoint ? Files.size(checkpoint(killed)) : 0);
    report.bar(checkpoint, "there was too little for a checkpoint");
    report.put("checkpointsWritten", Long.parseLong(checkpoints));
    report.put("millisWithCheckpoint", median(with));
    report.put("millisWithout", median(without));
    judge(report, with, without);
    return report;
  }

  private Opened open(Path killed, boolean checkpoint) throws IOException {
    try (ScratchDirectory copy = ScratchDirectory.in(directory)) {
      ScratchDirectory.copy(killed, copy.path());
      if (!checkpoint) {
        Files.deleteIfExists(checkpoint(copy.path()));
      }
      String said =
          ChildJvm.run(Reopen.class, "open", copy.path().toString(), Integer.toString(keys));
      String[] figures = said.split(" ", -1);
      return new Opened(
          Double.parseDouble(figures[0]), Long.parseLong(figures[1]), Long.parseLong(figures[2]));
    }
  }

  private static Path checkpoint(Path store) {
    return store.resolve("index").resolve("checkpoint");
  }

  private static double median(List<Opened> opened) {
    double[] millis = opened.stream().mapToDouble(Opened::millis).sorted().toArray();
    return millis[millis.length / 2];
  }

  private void judge(Report report, List<Opened> with, List<Opened> without) {
    List<Opened> all = new ArrayList<>(with);
    all.addAll(without);
    long digest = with.get(0).digest;
    report.put("digest", Long.toHexString(digest));
    for (Opened opened : all) {
      report.bar(opened.found == keys, "%d of %d keys were found", opened.found, keys);
      report.bar(opened.digest == digest, "the contents differ");
    }
  }

  // ---- the processes that fill and open ----

  /** Fills a store or opens one, and ends without closing it. */
  public static void main(String[] arguments) throws Exception {
    Path store = Path.of(arguments[1]);
    int keys = Integer.parseInt(arguments[2]);
    if (arguments[0].equals("fill")) {
      fill(store, keys, Integer.parseInt(arguments[3]));
    } else {
      open(store, keys);
    }
  }

  /** The store is never closed: that is what this is about. */
  @SuppressWarnings({"MustBeClosed", "resource"})
  private static void fill(Path path, int keys, int valueBytes) throws Exception {
    BlobStoreOptions options =
        BlobStoreOptions.durable().toBuilder()
            .checkpointEntries(Math.max(1, keys / CHECKPOINTS))
            .build();
    BlobStore store = BlobStore.open(path, options);
    new Writers(WRITERS, valueBytes)
        .run(keys, (i, values) -> store.put(Values.key(i), values.value(i, valueBytes)), () -> {});
    ChildJvm.die(Long.toString(Rest.await(store).checkpoints()));
  }

  @SuppressWarnings({"MustBeClosed", "resource"})
  private static void open(Path path, int keys) {
    final long start = System.nanoTime();
    BlobStore store = BlobStore.open(path, BlobStoreOptions.durable());
    final long micros = (System.nanoTime() - start) / NANOS_PER_MICRO;
    long found = 0;
    long digest = 0;
    CRC32C crc = new CRC32C();
    for (long i = 0; i < keys; i++) {
      byte[] key = Values.key(i);
      byte[] value = store.get(key);
      if (value != null && Values.belongs(ByteBuffer.wrap(value), i)) {
        found++;
        crc.reset();
        crc.update(key);
        crc.update(value);
        digest += crc.getValue() * (i + 1);
      }
    }
    ChildJvm.die(micros / 1e3 + " " + found + " " + digest);
  }
}
