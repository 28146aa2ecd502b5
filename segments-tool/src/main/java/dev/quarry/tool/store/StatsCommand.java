package dev.quarry.tool.store;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreMode;
import dev.quarry.StoreStats;
import dev.quarry.tool.terminal.Console;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "stats", description = "Opens the store and shows figures about it.")
public final class StatsCommand implements Callable<Integer> {

  /** In nanoseconds. */
  private static final long MOMENT = 500_000_000;

  private final Console console;

  @Mixin private StoreOptions store;

  @Option(names = "--json", description = "Print JSON, with every figure in its base unit.")
  private boolean json;

  public StatsCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (BlobStore opened = store.openExisting()) {
      StoreStats stats = afterALook(opened);
      if (json) {
        printJson(stats);
      } else {
        new StatsTable(stats, store.options()).print(console);
      }
    }
    return 0;
  }

  /**
   * Opening has the store look for space to reclaim, in the background. Waits a moment for what
   * comes of it: another reason for reclaiming no more than the one there is at first.
   */
  private static StoreStats afterALook(BlobStore opened) throws InterruptedException {
    String atFirst = opened.stats().idleReason();
    long start = System.nanoTime();
    while (opened.stats().idleReason().equals(atFirst) && System.nanoTime() - start < MOMENT) {
      Thread.sleep(10);
    }
    return opened.stats();
  }

  private void printJson(StoreStats stats) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode all = mapper.createObjectNode();
    all.put("store", store.directory().toString());
    all.setAll((ObjectNode) mapper.valueToTree(stats));
    if (Double.isNaN(stats.observedBloomRate())) {
      all.putNull("observedBloomRate"); // JSON has no NaN
    }
    BlobStoreOptions options = store.options();
    all.put("acknowledged", StatsTable.promise(stats.mode()));
    if (stats.mode() == StoreMode.CACHE && options.maxBytes() != Long.MAX_VALUE) {
      all.put("maxBytes", options.maxBytes());
    }
    console.println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(all));
  }
}
