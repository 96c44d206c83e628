import Checkpoints
import Engine

/// The Inception-v3 that Fréchet inception distances are measured with: TensorFlow's of 2015-12-05, with the keys of
/// its port for PyTorch (`pt_inception-2015-12-05`), which are torchvision's.
///
/// It differs from torchvision's Inception-v3 in its poolings (means leave padding out, and the last block takes a
/// maximum) and has 1008 classes.
public final class FIDInception: Module {
  private let Conv2d_1a_3x3, Conv2d_2a_3x3, Conv2d_2b_3x3, Conv2d_3b_1x1, Conv2d_4a_3x3: ConvolutionUnit
  private let Mixed_5b, Mixed_5c, Mixed_5d: InceptionA
  private let Mixed_6a: InceptionB
  private let Mixed_6b, Mixed_6c, Mixed_6d, Mixed_6e: InceptionC
  private let Mixed_7a: InceptionD
  private let Mixed_7b, Mixed_7c: InceptionE
  private let fc: Linear

  public init(stream: inout RandomStream) {
    Conv2d_1a_3x3 = ConvolutionUnit(3, 32, 3, stride: 2, stream: &stream)
    Conv2d_2a_3x3 = ConvolutionUnit(32, 32, 3, stream: &stream)
    Conv2d_2b_3x3 = ConvolutionUnit(32, 64, 3, keepsSize: true, stream: &stream)
    Conv2d_3b_1x1 = ConvolutionUnit(64, 80, 1, stream: &stream)
    Conv2d_4a_3x3 = ConvolutionUnit(80, 192, 3, stream: &stream)
    Mixed_5b = InceptionA(192, pooled: 32, stream: &stream)
    Mixed_5c = InceptionA(256, pooled: 64, stream: &stream)
    Mixed_5d = InceptionA(288, pooled: 64, stream: &stream)
    Mixed_6a = InceptionB(288, stream: &stream)
    Mixed_6b = InceptionC(inner: 128, stream: &stream)
    Mixed_6c = InceptionC(inner: 160, stream: &stream)
    Mixed_6d = InceptionC(inner: 160, stream: &stream)
    Mixed_6e = InceptionC(inner: 192, stream: &stream)
    Mixed_7a = InceptionD(stream: &stream)
    Mixed_7b = InceptionE(1280, pooling: .mean, stream: &stream)
    Mixed_7c = InceptionE(2048, pooling: .maximum, stream: &stream)
    fc = Linear(2048, 1008, stream: &stream)
    super.init()
    isTraining = false
  }

  /// The features that distances are taken between: pictures [N,H,W,3] in [-1, 1] of any size → [N,2048].
  ///
  /// They are brought to 299×299 by two-point interpolation without smoothing, as `pytorch-fid` does.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    features(ofMaps: interpolatedBilinearly(x, height: 299, width: 299))
  }

  /// The same without resizing: sides of at least 75.
  public func features(ofMaps x: Tensor) -> Tensor {
    func halved(_ x: Tensor) -> Tensor { maxPool2d(x, kernel: 3, Window(stride: 2)) }
    var y = halved(Conv2d_2b_3x3(Conv2d_2a_3x3(Conv2d_1a_3x3(x))))
    y = halved(Conv2d_4a_3x3(Conv2d_3b_1x1(y)))
    y = Mixed_6a(Mixed_5d(Mixed_5c(Mixed_5b(y))))
    y = Mixed_6e(Mixed_6d(Mixed_6c(Mixed_6b(y))))
    return Mixed_7c(Mixed_7b(Mixed_7a(y))).mean([1, 2])
  }

  /// Scores of TensorFlow's 1008 classes from features [N,2048], as for the inception score.
  public func logits(ofFeatures features: Tensor) -> Tensor { fc(features) }

  /// Fills the network from the public file.
  ///
  /// - Throws: `StateMismatch`.
  public func load(_ weights: StateDictionary) throws { try weights.addingBatchCounts(of: self).load(into: self) }
}
