package dev.quarry.tool.store;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quarry.BlobStore;
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

  private final Console console;

  @Mixin private StoreOptions store;

  @Option(names = "--json", description = "Print JSON, with every figure in its base unit.")
  private boolean json;

  public StatsCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    try (BlobStore opened = store.openExisting(console)) {
      StoreStats stats = opened.stats();
      if (json) {
        printJson(stats);
      } else {
        new StatsTable(stats).print(console);
      }
    }
    return 0;
  }

  private void printJson(StoreStats stats) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode all = mapper.createObjectNode();
    all.put("store", store.directory().toString());
    all.setAll((ObjectNode) mapper.valueToTree(stats));
    if (Double.isNaN(stats.observedBloomRate())) {
      all.putNull("observedBloomRate"); // JSON has no NaN
    }
    if (stats.mode() == StoreMode.DURABLE) {
      all.putNull("maxBytes"); // it is not bounded
    }
    all.put("acknowledged", StatsTable.promise(stats.mode()));
    console.println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(all));
  }
}
