// A client of the log that shares no code with it: golang.org/x/mod's note and tlog.
//
// It opens the checkpoint, reads every entry and the tiles under it, and checks inclusion and consistency proofs.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var base string

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func get(path string) []byte {
	answer, err := http.Get(base + path)
	must(err)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	must(err)
	if answer.StatusCode != 200 {
		must(fmt.Errorf("%s answers %d: %s", path, answer.StatusCode, data))
	}
	return data
}

// tiles reads tiles of C2SP's addresses, which have no height in them.
type tiles struct{}

func (tiles) Height() int { return 8 }

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		found = append(found, get(strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
	}
	return found, nil
}

func hashes(path string) []tlog.Hash {
	var answer struct{ Hashes []string }
	must(json.Unmarshal(get(path), &answer))
	found := []tlog.Hash{}
	for _, text := range answer.Hashes {
		raw, err := base64.StdEncoding.DecodeString(text)
		must(err)
		var hash tlog.Hash
		if copy(hash[:], raw) != len(hash) || len(raw) != len(hash) {
			must(fmt.Errorf("a hash of %d octets", len(raw)))
		}
		found = append(found, hash)
	}
	return found
}

// entries reads every entry from its bundle.
func entries(size int64) [][]byte {
	var found [][]byte
	for int64(len(found)) < size {
		tile := tlog.Tile{H: 8, L: -1, N: int64(len(found)) / 256, W: 256}
		if left := size - int64(len(found)); left < 256 {
			tile.W = int(left)
		}
		bundle := get(strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1))
		for len(bundle) > 0 {
			length := int(binary.BigEndian.Uint16(bundle))
			found = append(found, bundle[2:2+length])
			bundle = bundle[2+length:]
		}
	}
	return found
}

func main() {
	base = os.Args[1]
	old, err := strconv.ParseInt(os.Args[2], 10, 64)
	must(err)
	key := strings.Split(string(get("vkey")), "\n")[0]
	verifier, err := note.NewVerifier(key)
	must(err)
	opened, err := note.Open(get("checkpoint"), note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != verifier.Name() {
		must(fmt.Errorf("the checkpoint is of %s", lines[0]))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles{})
	for index, entry := range entries(size) {
		leaf := tlog.RecordHash(entry)
		stored, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(index))})
		must(err)
		if stored[0] != leaf {
			must(fmt.Errorf("entry %d is not what the tree holds", index))
		}
		proof := hashes(fmt.Sprintf("proof/inclusion?index=%d&size=%d", index, size))
		must(tlog.CheckRecord(tlog.RecordProof(proof), size, root, int64(index), leaf))
	}
	before, err := tlog.TreeHash(old, reader)
	must(err)
	proof := hashes(fmt.Sprintf("proof/consistency?from=%d&to=%d", old, size))
	must(tlog.CheckTree(tlog.TreeProof(proof), size, root, old, before))
	fmt.Printf("%d entries, %d unknown signatures\n", size, len(opened.UnverifiedSigs))
}
