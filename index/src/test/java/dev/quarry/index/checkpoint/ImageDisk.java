package dev.quarry.index.checkpoint;

import dev.quarry.segment.DiskFile;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.SimulatedDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A disk whose every file that is opened for reading has the same bytes, which may be changed. */
final class ImageDisk extends ForwardingDisk {

  final byte[] content;

  ImageDisk(byte[] content) {
    super(new SimulatedDisk());
    this.content = content;
  }

  @Override
  public boolean exists(Path path) {
    return path.endsWith("checkpoint");
  }

  @Override
  public DiskFile openForRead(Path path) {
    return new DiskFile() {

      @Override
      public Path path() {
        return path;
      }

      @Override
      public long size() {
        return content.length;
      }

      @Override
      public int read(ByteBuffer destination, long position) {
        int length = (int) Math.min(destination.remaining(), content.length - position);
        destination.put(content, (int) position, length);
        return length;
      }

      @Override
      public void write(ByteBuffer source, long position) {
        throw new IllegalStateException();
      }

      @Override
      public void truncate(long size) {
        throw new IllegalStateException();
      }

      @Override
      public void force() {
        throw new IllegalStateException();
      }

      @Override
      public void close() {}
    };
  }
}
