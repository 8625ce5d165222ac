"""Published taggers as checkpoints of this program, and their scores for recordings, from which others learn.

convert     published weight files -> checkpoints
audioset    which of AudioSet's classes are which instrument
pieces      tables of recordings -> the pieces that teachers hear
hearing     a recording -> the windows around its pieces -> scores
store       scores on disk, file by file, and the table that a student learns from
teach       the command
"""
