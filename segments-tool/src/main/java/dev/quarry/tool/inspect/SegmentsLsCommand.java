package dev.quarry.tool.inspect;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quarry.tool.terminal.Console;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists segments and logs. */
@Command(
    name = "ls",
    description = {
      "Shows a row for each segment and log, from their headers and footers, and which share of it",
      "is live: records whose keys have no later put, delete or eviction in any of these files.",
      "It is - where that is not known: without a good STORE file, or for want of memory.",
      "The records of segments are not verified; see segments verify."
    })
final class SegmentsLsCommand implements Callable<Integer> {

  private final Console console;

  @Parameters(paramLabel = "STORE", description = "The directory of the store.")
  private Path directory;

  @Option(names = "--json", description = "Print a JSON array.")
  private boolean json;

  SegmentsLsCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    StoreFiles store = new StoreFiles(directory);
    if (store.fault() != null) {
      console.complain(store.fault());
    }
    if (json) {
      printJson(store);
    } else {
      SegmentTable.of(store).print(console);
    }
    return 0;
  }

  private void printJson(StoreFiles store) throws IOException {
    List<FileReport> reports = store.reports();
    LiveBytes live = LiveBytes.of(store, reports);
    ObjectMapper mapper = new ObjectMapper();
    ArrayNode array = mapper.createArrayNode();
    for (FileReport report : reports) {
      ObjectNode row = array.addObject();
      row.put("id", report.id());
      row.put("kind", report.kind().toString());
      row.put("file", report.path().toString());
      row.put("fileBytes", report.size());
      row.put("liveBytes", live.of(report));
      Survey survey = report.survey();
      if (survey != null) {
        row.put("records", survey.records());
        row.put("puts", survey.puts());
        row.put("tombstones", survey.tombstones());
        row.put("evictions", survey.evictions());
        ArrayNode replaces = row.putArray("replaces");
        survey.replaced().forEach(replaces::add);
        row.put("lowestSequence", survey.lowestSequence());
        row.put("highestSequence", survey.highestSequence());
      }
      row.put("state", report.state().toString());
      row.put("note", report.note());
    }
    console.println(mapper.writer(SerializationFeature.INDENT_OUTPUT).writeValueAsString(array));
  }
}
