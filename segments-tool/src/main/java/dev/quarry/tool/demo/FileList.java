package dev.quarry.tool.demo;

import dev.quarry.tool.store.SourceFile;
import dev.quarry.tool.terminal.KeyText;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of the demo as one process hands them to the next: a line each, SHA-256, URI, key. */
final class FileList {

  private FileList() {}

  static void write(Path list, List<DemoFile> files) throws IOException {
    List<String> lines =
        files.stream()
            .map(file -> file.sha256() + "\t" + file.source().path().toUri() + "\t" + file.name())
            .toList();
    Files.write(list, lines, StandardCharsets.UTF_8);
  }

  static List<DemoFile> read(Path list) throws IOException {
    return Files.readAllLines(list, StandardCharsets.UTF_8).stream().map(FileList::parse).toList();
  }

  private static DemoFile parse(String line) {
    List<String> fields = List.of(line.split("\t", -1));
    Path path = Path.of(URI.create(fields.get(1)));
    return new DemoFile(
        new SourceFile(path, KeyText.parse(fields.get(2)), path.toFile().length()), fields.get(0));
  }
}
