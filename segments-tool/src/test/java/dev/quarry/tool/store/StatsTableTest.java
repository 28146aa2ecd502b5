package dev.quarry.tool.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreMode;
import dev.quarry.StoreStats;
import dev.quarry.tool.StoreFileSizes;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.Units;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StatsTableTest {

  private static final int VALUE = 40_000;

  @TempDir private Path directory;

  @Test
  void everyFigureIsShown() throws ReflectiveOperationException {
    String none = printed(figures(-1));

    RecordComponent[] components = StoreStats.class.getRecordComponents();
    for (int i = 0; i < components.length; i++) {
      assertNotEquals(none, printed(figures(i)), components[i].getName());
    }
  }

  /** Figures that are all nothing, but for one. */
  private static StoreStats figures(int changed) throws ReflectiveOperationException {
    RecordComponent[] components = StoreStats.class.getRecordComponents();
    Object[] values = new Object[components.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = value(components[i].getType(), i == changed);
    }
    Class<?>[] types = Stream.of(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    return StoreStats.class.getDeclaredConstructor(types).newInstance(values);
  }

  private static Object value(Class<?> type, boolean changed) {
    if (type == long.class) {
      return changed ? 5_000_000L : 0L;
    }
    if (type == int.class) {
      return changed ? 5 : 0;
    }
    if (type == double.class) {
      return changed ? 0.5 : 0.0;
    }
    if (type == StoreMode.class) {
      return changed ? StoreMode.CACHE : StoreMode.DURABLE;
    }
    if (type == String.class) {
      return changed ? "words" : "";
    }
    return changed ? List.of(new StoreStats.LiveShare(1, 2, 1)) : List.of();
  }

  private static String printed(StoreStats stats) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Console console = new Console(InputStream.nullInputStream(), out, out, false);
    new StatsTable(stats).print(console);
    console.flush();
    return out.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @EnumSource
  void whatIsOnDiskIsWhatTheFileSystemSays(StoreMode mode) throws Exception {
    BlobStoreOptions options =
        (mode == StoreMode.DURABLE ? BlobStoreOptions.durable() : BlobStoreOptions.cache(1 << 24))
            .toBuilder().segmentBytes(1 << 17).build();
    fill(options, 0).close(); // closing writes the checkpoint
    try (BlobStore store = fill(options, 5)) {
      Sizes sizes = sizes();
      StoreStats stats = store.stats();
      for (int i = 0; !sizes.equals(sizes(stats, sizes)) && i < 1_000; i++) {
        Thread.sleep(10); // what is written in the background is counted when it is done
        sizes = sizes();
        stats = store.stats();
      }

      assertEquals(sizes, sizes(stats, sizes));
      assertTrue(sizes.segments > 0 && sizes.checkpoint > 0, "there is something to count");
      assertEquals(mode == StoreMode.DURABLE, sizes.logs > 0 && sizes.reserve > 0);
      String table = printed(stats);
      assertRow(table, "on disk", sizes.all);
      assertRow(table, "  segment files", sizes.segments + sizes.identity);
      assertRow(table, "  log", sizes.logs);
      assertRow(table, "  checkpoint", sizes.checkpoint);
      assertRow(table, "  reserve", sizes.reserve);
    }
  }

  private BlobStore fill(BlobStoreOptions options, int from) {
    BlobStore store = BlobStore.open(directory, options);
    for (int i = from; i < from + 10; i++) {
      store.put(new byte[] {(byte) i}, new byte[VALUE]);
    }
    return store;
  }

  /** Bytes of all files, and of the parts that they are. */
  private record Sizes(
      long all, long segments, long identity, long logs, long checkpoint, long reserve) {}

  /** What the file system says. */
  private Sizes sizes() throws IOException {
    return new Sizes(
        StoreFileSizes.all(directory),
        size("segments"),
        size("STORE"),
        size("wal"),
        size("index"),
        size("RESERVE"));
  }

  /** What the store says, which does not tell segments from the STORE file. */
  private static Sizes sizes(StoreStats stats, Sizes files) {
    long parts = stats.logBytes() + stats.checkpointBytes() + stats.reserveBytes();
    return new Sizes(
        stats.diskBytes(),
        stats.diskBytes() - parts - files.identity,
        files.identity,
        stats.logBytes(),
        stats.checkpointBytes(),
        stats.reserveBytes());
  }

  private long size(String name) throws IOException {
    return StoreFileSizes.below(directory.resolve(name));
  }

  private static void assertRow(String table, String name, long bytes) {
    String row = "(?s).*\n" + name + " +" + Units.bytes(bytes) + "( .*|\n.*)";
    assertTrue(table.matches(row), () -> table + " lacks " + name + " of " + bytes);
  }
}
