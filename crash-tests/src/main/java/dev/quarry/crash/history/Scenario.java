package dev.quarry.crash.history;

import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A short history that is always the same: small enough that every call of it can be made to crash
 * and to fail, and together they go through all that a store does.
 *
 * @param name what it is about
 * @param history what is done
 */
public record Scenario(String name, History history) {

  private static final int KEYS = 12;

  /** Four of these fill a slab. */
  private static final String[][] CALM = {
    {"the first value", "PUT 0 100"},
    {"an empty value", "PUT 0 0", "REOPEN"},
    {"an overwritten value", "PUT 0 3000", "PUT 0 5000", "REOPEN", "PUT 0 10"},
    {"a deleted value", "PUT 0 3000", "PUT 1 3000", "DELETE 0", "REOPEN"},
    {"a value put again", "PUT 0 9000", "DELETE 0", "PUT 0 8000", "REOPEN", "DELETE 0", "REOPEN"},
    {"a full slab", "PUT 0 20000", "PUT 1 20000", "PUT 2 20000", "PUT 3 20000", "PUT 4 100"},
    {"a large value", "PUT 0 150000", "PUT 1 10", "REOPEN"},
    {"streams", "PUT_STREAM 0 3000", "PUT_STREAM 1 100000", "PUT_STREAM 0 20000", "REOPEN"},
    {"large over small", "PUT 0 100", "PUT 0 90000", "PUT 1 100", "PUT 0 95000"},
    {"small over large", "PUT 0 90000", "PUT 0 100", "REOPEN", "DELETE 0"},
    {"a deleted large value", "PUT 0 90000", "DELETE 0", "PUT 1 20", "REOPEN"},
    {"syncs", "PUT 0 5000", "SYNC", "DELETE 0", "SYNC", "PUT_BUFFER 1 7000", "SYNC"},
    {"idle times", "PUT 0 5000", "IDLE", "DELETE 0", "PUT 1 100", "IDLE", "PUT 2 10", "REOPEN"},
    {"another bound", "PUT 0 60000", "PUT 1 60000", "PUT 2 60000", "CHANGE_BOUND 4", "PUT 3 9"},
    {"a store that is only opened", "REOPEN", "REOPEN"},
    {"a lost checkpoint", "PUT 0 60000", "PUT 1 60000", "DELETE 0", "LOSE_CHECKPOINT", "REOPEN"},
  };

  /** Those in which a little garbage is too much, and each pass writes a checkpoint. */
  private static final String[][] BUSY = {
    {"dead segments", "PUT 0 40000", "PUT 0 40001", "PUT 0 40002", "PUT 0 40003", "PUT 0 9"},
    {
      "sparse segments",
      "PUT 0 30000",
      "PUT 1 9000",
      "PUT 0 30001",
      "PUT 2 9000",
      "PUT 0 30002",
      "PUT 3 9000",
      "PUT 0 30003",
      "PUT 0 30004",
      "PUT 0 30005"
    },
    {
      "tombstones that move",
      "PUT 0 30000",
      "PUT 1 30000",
      "PUT 2 30000",
      "DELETE 0",
      "DELETE 1",
      "PUT 3 30000",
      "PUT 3 30001",
      "PUT 3 30002",
      "PUT 3 30003",
      "REOPEN"
    },
    {
      "many small values",
      "PUT_MANY 0 12",
      "PUT 0 60000",
      "DELETE_MANY 0 12",
      "PUT 1 60000",
      "PUT 2 60000",
      "PUT 2 60001",
      "REOPEN"
    },
    {
      "a blob held through compaction",
      "PUT 0 40000",
      "PUT 1 9000",
      "HOLD 1",
      "PUT 0 40001",
      "PUT 0 40002",
      "PUT 1 100",
      "PUT 0 40003",
      "RELEASE",
      "PUT 0 40004",
      "REOPEN"
    },
    {
      "a full disk",
      "PUT 0 40000",
      "PUT 1 40000",
      "FILL_DISK 9000",
      "PUT 2 40000",
      "DELETE 0",
      "PUT 3 40000",
      "FREE_DISK",
      "PUT 4 40000",
      "REOPEN"
    },
    {
      "more than a cache holds",
      "PUT 0 60000",
      "PUT 1 60000",
      "PUT 2 60000",
      "PUT 3 60000",
      "GET 0",
      "PUT 4 60000",
      "PUT 5 60000",
      "PUT 6 60000",
      "PUT 7 60000",
      "PUT 8 60000",
      "DELETE 0",
      "PUT 9 60000",
      "REOPEN"
    },
  };

  /** All of them, each in both modes. */
  public static List<Scenario> all() {
    List<Scenario> all = new ArrayList<>();
    for (StoreMode mode : StoreMode.values()) {
      Shape calm = shape(mode);
      for (String[] text : CALM) {
        all.add(scenario(text, calm));
      }
      Shape busy = calm.with(busy(calm.options()));
      for (String[] text : BUSY) {
        all.add(scenario(text, busy));
      }
    }
    return all;
  }

  private static Shape shape(StoreMode mode) {
    BlobStoreOptions.Builder options = TestStores.small(mode).toBuilder();
    if (mode == StoreMode.CACHE) {
      options.maxBytes(7L * TestStores.SEGMENT_BYTES);
    }
    return new Shape(options.build(), KEYS, false, false);
  }

  private static BlobStoreOptions busy(BlobStoreOptions options) {
    return options.toBuilder()
        .maxGarbageShare(0.1)
        .checkpointEntries(1)
        .checkpointInterval(Duration.ZERO)
        .build();
  }

  private static Scenario scenario(String[] text, Shape shape) {
    List<Step> steps = Arrays.stream(text).skip(1).map(Step::parse).toList();
    String name = text[0] + ", " + shape.options().mode();
    return new Scenario(name, new History(name.hashCode(), shape, steps));
  }

  @Override
  public String toString() {
    return name;
  }
}
