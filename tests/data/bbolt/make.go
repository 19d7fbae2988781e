// SPDX-License-Identifier: Apache-2.0

// Makes the databases of this directory with the real library, and beside each what the library itself reads from it:
// one line an item, "bucket/bucket key value" in hex. To run it again: go mod init fixture; go get go.etcd.io/bbolt@v1.3.8;
// go run make.go DIR
package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	bolt "go.etcd.io/bbolt"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func dump(out *bytes.Buffer, path []string, bucket *bolt.Bucket) {
	check(bucket.ForEach(func(key, value []byte) error {
		if value == nil {
			dump(out, append(append([]string{}, path...), hex.EncodeToString(key)), bucket.Bucket(key))
			return nil
		}
		fmt.Fprintf(out, "%s %x %x\n", strings.Join(path, "/"), key, value)
		return nil
	}))
}

func snapshot(db *bolt.DB) []byte {
	var out bytes.Buffer
	check(db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, bucket *bolt.Bucket) error {
			dump(&out, []string{hex.EncodeToString(name)}, bucket)
			return nil
		})
	}))
	return out.Bytes()
}

// The steps are transactions; what the database held before the last one is written as NAME.older.
func build(dir, name string, pageSize int, steps ...func(tx *bolt.Tx) error) {
	path := filepath.Join(dir, name+".db")
	os.Remove(path)
	db, err := bolt.Open(path, 0o644, &bolt.Options{PageSize: pageSize})
	check(err)
	var older []byte
	for _, step := range steps {
		older = snapshot(db)
		check(db.Update(step))
	}
	check(os.WriteFile(filepath.Join(dir, name+".live"), snapshot(db), 0o644))
	check(os.WriteFile(filepath.Join(dir, name+".older"), older, 0o644))
	var end int64
	check(db.View(func(tx *bolt.Tx) error { end = tx.Size(); return nil }))
	check(db.Close())
	check(os.Truncate(path, end)) // what follows was never used
}

func put(tx *bolt.Tx, bucket, key, value string) {
	b, err := tx.CreateBucketIfNotExists([]byte(bucket))
	check(err)
	check(b.Put([]byte(key), []byte(value)))
}

func main() {
	dir := os.Args[1]
	build(dir, "empty", 4096, func(tx *bolt.Tx) error { return nil })
	build(dir, "small", 1024,
		func(tx *bolt.Tx) error { put(tx, "volumes", "one", "1"); put(tx, "volumes", "two", "2"); return nil },
		func(tx *bolt.Tx) error { put(tx, "volumes", "three", "3"); return nil },
		func(tx *bolt.Tx) error { return tx.Bucket([]byte("volumes")).Delete([]byte("two")) })
	build(dir, "deep", 1024,
		func(tx *bolt.Tx) error {
			for i := 0; i < 60; i++ {
				put(tx, "many", fmt.Sprintf("key%03d", i), strings.Repeat("v", i))
			}
			put(tx, "large", "value", strings.Repeat("large", 600)) // overflow pages
			b, err := tx.CreateBucketIfNotExists([]byte("nested"))
			check(err)
			for i := 0; i < 5; i++ {
				b, err = b.CreateBucketIfNotExists([]byte(fmt.Sprintf("level%d", i)))
				check(err)
				check(b.Put([]byte("here"), []byte{byte(i)}))
			}
			return nil
		},
		func(tx *bolt.Tx) error {
			for i := 10; i < 50; i++ {
				check(tx.Bucket([]byte("many")).Delete([]byte(fmt.Sprintf("key%03d", i))))
			}
			return nil
		},
		func(tx *bolt.Tx) error { put(tx, "many", "key000", "changed"); return tx.DeleteBucket([]byte("large")) })
}
