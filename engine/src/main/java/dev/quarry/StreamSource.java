package dev.quarry;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * The bytes of a caller's stream, up to its end. The stream is not trusted: what it says it read is
 * checked, and one that reads nothing is asked for a single byte, which by the contract of {@link
 * InputStream#read()} has to come or the end with it. For use by one thread.
 */
final class StreamSource implements ValueSource<IOException> {

  private static final int CHUNK = 1 << 16;

  private final InputStream stream;

  /** The stream may keep it and change it at any time, so nothing but the copy of it counts. */
  private byte[] chunk = {};

  StreamSource(InputStream stream) {
    this.stream = stream;
  }

  @Override
  public int read(ByteBuffer destination) throws IOException {
    int asked = Math.min(CHUNK, destination.remaining());
    if (chunk.length < asked) {
      chunk = new byte[asked];
    }
    int read = stream.read(chunk, 0, asked);
    if (read == 0) {
      read = readOne();
    }
    if (read > asked || read < -1) {
      throw new IOException(
          "the stream " + stream + " says that it read " + read + " bytes of " + asked);
    }
    if (read > 0) {
      destination.put(chunk, 0, read);
    }
    return read;
  }

  private int readOne() throws IOException {
    int next = stream.read();
    if (next < 0) {
      return -1;
    }
    chunk[0] = (byte) next;
    return 1;
  }
}
