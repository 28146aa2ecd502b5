package dev.quarry.tool;

import static dev.quarry.tool.ToolRun.quarry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the commands say and do on a file system that is really full, a small one in memory. */
@Tag("slow")
class FullDiskTest {

  private static final int FILES = 20;
  private static final int FILE_BYTES = 3_000_000;

  @TempDir Path directory;
  private Path disk;
  private Path source;

  @BeforeEach
  void makeDirectories() throws IOException {
    disk = Files.createDirectory(directory.resolve("disk"));
    source = Files.createDirectory(directory.resolve("source"));
  }

  private void makeFiles() throws IOException {
    byte[] bytes = new byte[FILE_BYTES];
    Random random = new Random(1);
    for (int i = 0; i < FILES; i++) {
      random.nextBytes(bytes);
      Files.write(source.resolve(String.format("f%02d", i)), bytes);
    }
  }

  private MountedRun.Ran run(String size, String script) throws Exception {
    return MountedRun.onSmallDisk(
        disk,
        size,
        script,
        Map.of("SOURCE", source.toString(), "STORE", directory.resolve("store").toString()));
  }

  @Test
  void aDiskTooSmallForAStoreIsSaidToBeSoWithFiguresThatAreTrue() throws Exception {
    MountedRun.Ran ran = run("64m", "echo v | $QUARRY put \"$DISK/s\" k; ls \"$DISK/s\"");

    assertTrue(!ran.out().contains("RESERVE"), ran.out()::toString);
    Matcher figures =
        Pattern.compile(
                "(?s)quarry: the disk is full: (\\S+)/RESERVE does not exist, and making it takes"
                    + " (\\d+) usable bytes, .* where the file system has (\\d+);"
                    + " puts go on when (\\d+) bytes are freed\n")
            .matcher(ran.error());
    assertTrue(figures.matches(), ran.error());
    assertEquals(disk + "/s", figures.group(1));
    assertEquals(64 << 20, Long.parseLong(figures.group(2)));
    assertEquals((64 << 20) - 8192, Long.parseLong(figures.group(3)), "STORE and LOCK take one");
    assertEquals(8192, Long.parseLong(figures.group(4)));
  }

  @Test
  void aDiskOfTheSizeThatTheMessageNamesTakesAPut() throws Exception {
    MountedRun.Ran ran =
        run("65544k", "echo v | $QUARRY put \"$DISK/s\" k && $QUARRY get \"$DISK/s\" k");

    assertEquals("", ran.error());
    assertEquals(List.of("v"), ran.out());
  }

  @Test
  void anImportThatStopsSaysWhichFileFailedAndHowManyAreIn() throws Exception {
    makeFiles();

    MountedRun.Ran ran =
        run(
            "72m",
            "cd \"$DISK\"; $QUARRY import --threads 3 \"$DISK/s\" \"$SOURCE\"; echo code $?;"
                + " $QUARRY ls \"$DISK/s\" > keys; wc -l < keys; k=$(head -n 1 keys);"
                + " $QUARRY get \"$DISK/s\" $k | wc -c; $QUARRY rm \"$DISK/s\" $k; echo code $?;"
                + " $QUARRY ls \"$DISK/s\" | wc -l");

    String[] said = ran.out().toArray(String[]::new);
    assertEquals(1, ran.error().lines().count(), ran.error());
    assertEquals("code 1", said[0]);
    int in = Integer.parseInt(said[1].strip());
    assertTrue(in > 0 && in < FILES, said[1]);
    assertTrue(ran.error().startsWith("quarry: import stopped at " + source + "/f"), ran.error());
    assertTrue(ran.error().contains("no space is left"), ran.error());
    assertTrue(
        ran.error().matches("(?s).*; " + in + " of 20 files, [0-9.]+ MiB, are in the store\n"),
        ran.error() + in);
    assertEquals(FILE_BYTES, Integer.parseInt(said[2].strip()), "a full disk is read");
    assertEquals("code 0", said[3], "and deleted from");
    assertEquals(in - 1, Integer.parseInt(said[4].strip()));
  }

  @Test
  void anExportThatFindsNoSpaceStopsThereAndLeavesNoPartOfAFile() throws Exception {
    makeFiles();
    quarry("import", directory.resolve("store"), source).mustSucceed();

    MountedRun.Ran ran =
        run(
            "20m",
            "$QUARRY export \"$STORE\" \"$DISK/out\"; echo code $?; cd \"$DISK/out\";"
                + " for f in $(ls -A); do cmp $f \"$SOURCE/$f\" && echo whole; done");

    assertEquals(
        "quarry: export stopped at f06: "
            + disk
            + "/out/f06: no space is left on the file system; free some\n",
        ran.error());
    assertTrue(ran.out().get(0).startsWith("exported 6 files, 17.2 MiB"), ran.out()::toString);
    assertEquals("code 1", ran.out().get(1));
    assertEquals(6, ran.out().stream().filter("whole"::equals).count());
  }

  @Test
  void aGetThatFindsNoSpaceLeavesTheFileThatWasThere() throws Exception {
    makeFiles();
    quarry("import", directory.resolve("store"), source).mustSucceed();

    MountedRun.Ran ran =
        run(
            "2m",
            "echo old > \"$DISK/o\"; $QUARRY get \"$STORE\" f00 -o \"$DISK/o\"; echo code $?;"
                + " cat \"$DISK/o\"; ls -A \"$DISK\" | wc -l;"
                + " $QUARRY get \"$STORE\" f00 > \"$DISK/p\"; echo code $?");

    assertEquals(List.of("code 1", "old", "1", "code 1"), ran.out());
    assertEquals(
        "quarry: "
            + disk
            + "/o: no space is left on the file system; free some\n"
            + "quarry: cannot write to the standard output:"
            + " no space is left on the file system; free some\n",
        ran.error());
  }

  @Test
  void aReadOnlyFileSystemIsSaidToBeOneOnce() throws Exception {
    makeFiles();
    quarry("import", directory.resolve("store"), source).mustSucceed();

    MountedRun.Ran ran =
        run(
            "2m,ro",
            "$QUARRY export \"$STORE\" \"$DISK\"; $QUARRY put \"$DISK/s\" k;"
                + " $QUARRY get \"$STORE\" f00 -o \"$DISK/o\"");

    List<String> said = ran.error().lines().toList();
    assertEquals(3, said.size(), ran.error());
    assertTrue(
        said.stream()
            .allMatch(line -> line.contains("the file system is read-only; mount it for writing")),
        ran.error());
    assertTrue(said.get(0).startsWith("quarry: export stopped at f00: " + disk + "/f00: "));
    assertTrue(said.get(1).contains(disk + "/s: "), said.get(1));
    assertTrue(said.get(2).startsWith("quarry: " + disk + "/o: "), said.get(2));
  }
}
