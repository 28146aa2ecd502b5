package dev.quarry.tool;

import static dev.quarry.tool.ToolRun.quarry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class DemoTest {

  @TempDir Path directory;
  private Path source;

  @BeforeEach
  void makeSource() throws IOException {
    source = Files.createDirectory(directory.resolve("source"));
  }

  private void makeFiles(int count) throws IOException {
    Random random = new Random(4);
    for (int i = 0; i < count; i++) {
      byte[] bytes = new byte[random.nextInt(8_000)];
      random.nextBytes(bytes);
      Path parent = Files.createDirectories(source.resolve("d" + i % 10));
      Files.write(parent.resolve("f" + i), bytes);
    }
  }

  @Test
  void aKilledImportLosesNothingThatWasAcknowledged() throws IOException {
    makeFiles(3_000);
    Path work = directory.resolve("work");

    ToolRun run = quarry("demo", "--source", source, "--dir", work).mustSucceed();

    String out = run.out();
    assertTrue(out.contains("by SIGKILL, midway"), out);
    assertTrue(out.contains("puts had not returned when it ended"), out);
    assertTrue(out.contains("proven         all acknowledged files are there"), out);
    assertTrue(out.contains("proven         all files are there, by SHA-256: 3,000, "), out);
    assertTrue(out.contains("proven         3 of 3 files deleted"), out);
    assertTrue(out.contains("1 writer  "), out);
    assertTrue(out.contains("4 writers  "), out);
    assertTrue(out.contains("Everything was proven: "), out);
    assertTrue(run.lines().size() <= 60, out);
    List<String> keys = quarry("ls", work.resolve("store")).mustSucceed().lines();
    assertEquals(2_997, keys.size());
    quarry("segments", "verify", work.resolve("store")).mustSucceed();
  }

  @Test
  void aTemporaryDirectoryIsRemoved() throws IOException {
    makeFiles(1_000);
    String out = quarry("demo", "--source", source, "--bytes", "3MB").mustSucceed().out();

    assertTrue(out.contains("Everything was proven: "), out);
    Matcher directory = Pattern.compile("^Quarry demo in (.*?) \\(").matcher(out);
    assertTrue(directory.find(), out);
    assertFalse(Files.exists(Path.of(directory.group(1))), out);
  }

  @Test
  void aDirectoryOfOtherThingsIsLeftAlone() throws IOException {
    makeFiles(1);
    quarry("demo", "--source", source, "--dir", source).mustFail(1, source + " is not empty");
  }

  @Test
  void aSourceWithoutFilesIsRefused() {
    quarry("demo", "--source", source).mustFail(1, "there are no files for the demo in " + source);
  }
}
