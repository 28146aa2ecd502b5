package dev.quarry.tool.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.tool.demo.Proof.Fate;
import dev.quarry.tool.store.SourceFile;
import dev.quarry.tool.terminal.KeyText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo proves something only if it would notice. */
class ProofTest {

  @TempDir Path directory;
  private BlobStore store;
  private DemoFile file;

  @BeforeEach
  void openStore() throws IOException {
    store = BlobStore.open(directory.resolve("store"), BlobStoreOptions.durable());
    Path path = Files.writeString(directory.resolve("file"), "content");
    file = new DemoFile(new SourceFile(path, KeyText.parse("k"), 7), Sha256.of(path));
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  @Test
  void theSameBytesAreIntact() {
    put("content");

    assertEquals(1, proof().count(Fate.INTACT));
    assertTrue(proof().allIntact());
    assertEquals(7, proof().bytes());
  }

  @Test
  void otherBytesAreWrong() {
    put("c0ntent");

    assertEquals(1, proof().count(Fate.WRONG));
    assertFalse(proof().allIntact());
  }

  @Test
  void anAbsentFileIsNoticed() {
    assertEquals(1, proof().count(Fate.ABSENT));
    assertFalse(proof().allIntact());
  }

  @Test
  void aFileThatOthersChangedIsToldFromAWrongOne() throws IOException {
    Files.writeString(file.source().path(), "changed");
    put("changed");

    assertEquals(1, proof().count(Fate.CHANGED));
    assertTrue(proof().allIntact());
  }

  @Test
  void aMessageCutShortIsNotTakenForAnother() {
    assertEquals(
        new Message(Message.Kind.ACKNOWLEDGED, "a/b", 12),
        Message.parse("ACKNOWLEDGED\ta/b\t12\t."));
    assertNull(Message.parse("ACKNOWLEDGED\ta/b\t12\t"));
    assertNull(Message.parse("ACKNOWLEDGED\ta/b\t12"));
    assertNull(Message.parse("ACKNOWLEDGED\ta/"));
    assertNull(Message.parse(""));
  }

  @Test
  void whatWasStartedAndNotAcknowledgedIsInFlight() {
    Ledger ledger = new Ledger();
    ledger.note(new Message(Message.Kind.STARTED, "a", 1));
    ledger.note(new Message(Message.Kind.STARTED, "b", 2));
    ledger.note(new Message(Message.Kind.ACKNOWLEDGED, "a", 1));

    assertEquals(List.of("a"), List.copyOf(ledger.acknowledged()));
    assertEquals(List.of("b"), List.copyOf(ledger.inFlight()));
    assertEquals(1, ledger.acknowledgedBytes());
  }

  @Test
  void aDigestIsTheStandardOne() {
    assertEquals(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        Sha256.of(java.nio.ByteBuffer.wrap("abc".getBytes(StandardCharsets.US_ASCII))));
  }

  private void put(String value) {
    store.put(file.key(), value.getBytes(StandardCharsets.UTF_8));
  }

  private Proof proof() {
    return Proof.of(store, List.of(file));
  }
}
