package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.CorruptionException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StoreLayoutTest {

  private static final Path ROOT = Path.of("/store");

  private final StoreLayout layout = new StoreLayout(ROOT);
  private final SimulatedDisk disk = new SimulatedDisk();

  @BeforeEach
  void makeDirectories() throws IOException {
    disk.createDirectories(layout.segments());
    disk.createDirectories(layout.logs());
  }

  private void touch(Path directory, String... names) throws IOException {
    for (String name : names) {
      disk.create(directory.resolve(name)).close();
    }
  }

  @Test
  void namesAreWhatTheFormatPageSays() {
    assertEquals(ROOT.resolve("STORE"), layout.store());
    assertEquals(ROOT.resolve("STORE.tmp"), layout.storeTemporary());
    assertEquals(ROOT.resolve("LOCK"), layout.lock());
    assertEquals(ROOT.resolve("segments"), layout.segments());
    assertEquals(ROOT.resolve("wal"), layout.logs());
    assertEquals(ROOT.resolve("RESERVE"), layout.reserve());
    assertEquals(ROOT.resolve("RESERVE.tmp"), layout.reserveTemporary());
    assertEquals(ROOT.resolve("index"), layout.checkpointDirectory());
    assertEquals(ROOT.resolve("index/checkpoint"), layout.checkpoint());
    assertEquals(ROOT.resolve("index/checkpoint.tmp"), layout.checkpointTemporary());
    assertEquals(ROOT.resolve("keyindex"), layout.keyIndex());
    assertEquals(ROOT.resolve("segments/0000000007.seg"), layout.segment(7));
    assertEquals(ROOT.resolve("segments/0000000007.tmp"), layout.segmentTemporary(7));
    assertEquals(ROOT.resolve("wal/2147483647.wal"), layout.log(Integer.MAX_VALUE));
  }

  /** A store must be found again by a process that runs in another country. */
  @Test
  void namesAreTheSameInEveryLocale() throws IOException {
    Locale before = Locale.getDefault();
    try {
      for (String tag : List.of("ar-EG-u-nu-arab", "th-TH-u-nu-thai", "fa-IR", "hi-IN-u-nu-deva")) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        assertEquals("0000000123.seg", layout.segment(123).getFileName().toString(), tag);
      }
      touch(layout.segments(), "0000000123.seg");
      assertEquals(List.of(123L), layout.segmentIds(disk));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void idsAreListedInTheirOrder() throws IOException {
    touch(layout.segments(), "0000000012.seg", "0000000002.seg", "1000000000.seg");
    touch(layout.logs(), "0000000013.wal", "0000000003.wal");
    assertEquals(List.of(2L, 12L, 1_000_000_000L), layout.segmentIds(disk));
    assertEquals(List.of(3L, 13L), layout.logIds(disk));
    assertEquals(List.of(), layout.temporaries(disk));
  }

  @Test
  void temporariesAreNoSegments() throws IOException {
    touch(layout.segments(), "0000000012.tmp", "0000000002.tmp");
    assertEquals(List.of(), layout.segmentIds(disk));
    assertEquals(
        List.of(layout.segmentTemporary(2), layout.segmentTemporary(12)), layout.temporaries(disk));
  }

  @Test
  void otherNamesAreLeftAlone() throws IOException {
    String[] names = {
      "1.seg",
      "00000000001.seg",
      "0000000001xseg",
      "0000000001.seg~",
      "0000000001.wal",
      "x0000000001.seg",
      "-000000001.seg",
      "\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0661.seg",
      ".seg",
      "seg",
      "0000000001"
    };
    touch(layout.segments(), names);
    assertEquals(List.of(), layout.segmentIds(disk));
    assertEquals(List.of(), layout.temporaries(disk));
  }

  @Test
  void idsThatNoSegmentHasAreReported() throws IOException {
    touch(layout.segments(), "2147483648.seg");
    CorruptionException e = assertThrows(CorruptionException.class, () -> layout.segmentIds(disk));
    assertTrue(e.getMessage().contains("2147483648.seg"), e.getMessage());
    touch(layout.logs(), "0000000000.wal");
    assertThrows(CorruptionException.class, () -> layout.logIds(disk));
  }

  @Test
  void aDirectoryThatIsMissingHoldsNothing() throws IOException {
    StoreLayout none = new StoreLayout(Path.of("/none"));
    assertEquals(List.of(), none.segmentIds(disk));
    assertEquals(List.of(), none.logIds(disk));
    assertEquals(List.of(), none.temporaries(disk));
    assertEquals(List.of(), none.strangers(disk));
  }

  @Test
  void whatNoStoreHasIsAStranger() throws IOException {
    touch(ROOT, "STORE", "STORE.tmp", "LOCK", "photos.zip", "store", "Thesis.doc");
    touch(ROOT, "RESERVE", "RESERVE.tmp", "reserve", "RESERVED");
    disk.createDirectories(layout.keyIndex());
    disk.createDirectories(layout.checkpointDirectory());
    assertEquals(
        List.of("RESERVED", "Thesis.doc", "photos.zip", "reserve", "store"),
        layout.strangers(disk));
  }

  @Test
  void whatSystemsLeaveInAnyDirectoryIsNoStranger() throws IOException {
    touch(ROOT, ".DS_Store", "._photos", "Thumbs.db", "Desktop.ini", ".nfs00000001", "aquota.user");
    disk.createDirectories(ROOT.resolve("lost+found"));
    disk.createDirectories(ROOT.resolve("System Volume Information"));
    disk.createDirectories(ROOT.resolve(".Trash-1000"));
    assertEquals(List.of(), layout.strangers(disk));
    touch(ROOT, ".profile", "lost", "thumbs");
    assertEquals(List.of(".profile", "lost", "thumbs"), layout.strangers(disk));
  }

  @Test
  void aProbeIsNoStrangerAndNoSegment() throws IOException {
    disk.create(layout.probe(ROOT)).close();
    disk.create(layout.probe(layout.segments())).close();
    disk.create(layout.probe(layout.logs())).close();
    assertEquals(List.of(), layout.strangers(disk));
    assertEquals(List.of(), layout.segmentIds(disk));
    assertEquals(List.of(), layout.temporaries(disk));
    assertEquals(List.of(), layout.logIds(disk));
  }

  @Test
  void noFileOfTheStoreHasALongerPathThanAProbeInTheRoot() {
    int longest = layout.probe(ROOT).toString().length();
    assertTrue(layout.segmentTemporary(1).toString().length() <= longest);
    assertTrue(layout.log(1).toString().length() <= longest);
    assertTrue(layout.checkpointTemporary().toString().length() <= longest);
  }
}
