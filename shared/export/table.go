package export

import (
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/money"
)

const (
	// groupRows is how many rows lie together in a file: what a reader takes at once, and what the writer holds in memory.
	groupRows = 1 << 17
	// chunkRows is how many rows are handed to the library at once.
	chunkRows = 1 << 9
)

// table writes Parquet. It uses what all readers have had for years: pages of the first version, dictionaries and plain values, zstd.
type table struct {
	out  *parquet.GenericWriter[row]
	shop money.Currency
	rows []row
}

func newTable(out io.Writer, shop money.Currency) *table {
	return &table{out: parquet.NewGenericWriter[row](out, parquet.CreatedBy("userops", "1", "parquet-go"), parquet.DataPageVersion(1), parquet.DataPageStatistics(true),
		parquet.MaxRowsPerRowGroup(groupRows), parquet.Compression(&zstd.Codec{Level: zstd.DefaultLevel, Concurrency: 1})), shop: shop}
}

func (t *table) Add(e *columns.Event) error {
	t.rows = append(t.rows, rowOf(e, t.shop))
	if len(t.rows) < chunkRows {
		return nil
	}
	return t.flush()
}

func (t *table) flush() error {
	_, err := t.out.Write(t.rows)
	clear(t.rows)
	t.rows = t.rows[:0]
	return err
}

func (t *table) Close() error {
	if err := t.flush(); err != nil {
		return err
	}
	return t.out.Close()
}
