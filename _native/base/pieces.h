/* Memory for results: pieces of large blocks. Fresh pages cost as much as the cipher, so a block
   stays when its pieces are free again, and it lies on huge pages where the system gives them.

   A pool belongs to a thread: memory that another core wrote last is slower than fresh pages. Its
   thread takes pieces; any thread may drop the last use of one, which gives it back. Nothing here
   locks: the caller lets one thread at a time call (the GIL).

   A block that holds no piece stays with its pool while all such blocks together have at most
   1 GiB. Above 64 MiB the system may take the pages of such a block when it needs memory. */
#ifndef MACSEC_PIECES_H
#define MACSEC_PIECES_H

#include <stddef.h>
#include <stdint.h>

typedef struct macsec_pieces macsec_pieces;
typedef struct macsec_piece macsec_piece;

/* Return a pool, or NULL when there is no memory. */
macsec_pieces *macsec_pieces_new(void);

/* The thread takes no more: free blocks are unmapped now, the others with their last piece. */
void macsec_pieces_leave(macsec_pieces *pool);

/* Octets that the blocks of a pool take. */
size_t macsec_pieces_mapped(const macsec_pieces *pool);

/* Return a piece of at least `octets`, with one use and arbitrary content, aligned to a cache line;
   NULL when there is no memory. Without a pool (NULL) it is an allocation of its own. */
macsec_piece *macsec_piece_take(macsec_pieces *pool, size_t octets);

uint8_t *macsec_piece_octets(macsec_piece *piece);

/* Keep the first `octets` of a piece that was just taken. */
void macsec_piece_shrink(macsec_piece *piece, size_t octets);

/* One use more; one less. The last gives the piece back. NULL is no piece. */
macsec_piece *macsec_piece_hold(macsec_piece *piece);
void macsec_piece_drop(macsec_piece *piece);

#endif
