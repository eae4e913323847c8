package people

import (
	"encoding/binary"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
)

func packWindow(w *packed.Writer, v profile.Window) {
	w.Time(v.Floor)
	for _, c := range v.Commits {
		w.Text(string(c.Part))
		w.Int(c.Version)
		w.Time(c.At)
		w.Uint(uint64(len(c.Hashes)))
		for _, h := range c.Hashes {
			w.Fixed(uint64(h))
		}
		w.Uint(uint64(len(c.Owed)))
		for _, d := range c.Owed {
			w.Int(int64(d))
		}
	}
}

func unpackWindow(r *packed.Reader) profile.Window {
	v := profile.Window{Floor: r.Time()}
	for r.More() {
		c := profile.Commit{Part: profile.ID(r.Text()), Version: r.Int(), At: r.Time()}
		for range r.Count() {
			c.Hashes = append(c.Hashes, event.Hash(r.Fixed()))
		}
		for range r.Count() {
			c.Owed = append(c.Owed, profile.Day(r.Int()))
		}
		v.Commits = append(v.Commits, c)
	}
	return v
}

// packHashes is a list of hashes, eight bytes each.
func packHashes(hashes []event.Hash) []byte {
	out := make([]byte, 0, 8*len(hashes))
	for _, h := range hashes {
		out = binary.BigEndian.AppendUint64(out, uint64(h))
	}
	return out
}

func unpackHashes(b []byte) []event.Hash {
	var hashes []event.Hash
	for len(b) >= 8 {
		hashes = append(hashes, event.Hash(binary.BigEndian.Uint64(b)))
		b = b[8:]
	}
	return hashes
}
